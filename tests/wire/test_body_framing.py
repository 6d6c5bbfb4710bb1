"""Rows 50-71: how a request body is framed, and how it must not be."""

import pytest
from harness.rows import CLOSE, KEEP, check, each, table, with_fields
from harness.wire import Truncated, chunked, request_bytes

TE = "Transfer-Encoding"
CHUNKED = (TE, "chunked")
BODY = chunked(b"body")


def length(*values, body=b"body!"):
    return with_fields(*[b"Content-Length: " + value for value in values], method="POST",
                       body=body)


def coding(*values, body=BODY, version="HTTP/1.1"):
    return with_fields(*[b"Transfer-Encoding: " + value for value in values], method="POST",
                       body=body, version=version)


def chunks(body):
    return with_fields(CHUNKED, method="POST", body=body)


BAD_LENGTH = table(
    *each(50, 400, CLOSE,
          plus=length(b"+5"), minus=length(b"-1"), minus_zero=length(b"-0"), hex=length(b"0x10"),
          underscore=length(b"1_0"), space=length(b"5 5"), semicolon=length(b"5;"),
          empty=length(b""), letter=length(b"1Z"), wide=length("\uff11".encode()),
          dot=length(b"5.0"), quotes=length(b'"5"')),
    *each(51, 400, CLOSE, list=length(b"5, 6"), lines=length(b"5", b"6"),
          lines_reversed=length(b"6", b"5")),
    *each(52, 400, CLOSE, list=length(b"5, 5"), lines=length(b"5", b"5"), comma=length(b"5,")),
    (53, "leading-zeros", length(b"0005"), 400, CLOSE),
    *each(54, 400, CLOSE,
          above_int64=length(b"9223372036854775808"), above_uint64=length(b"18446744073709551616"),
          wraps_to_5=length(b"18446744073709551621"), thirty_digits=length(b"1" * 30)),
    *each(55, 413, CLOSE, two_gigabytes=length(b"2147483648", body=b""),
          largest=length(b"9223372036854775807", body=b"")),
)

BAD_CODING = table(
    *each(56, 400, CLOSE,
          length_first=with_fields(("Content-Length", "4"), CHUNKED, method="POST", body=BODY),
          length_last=with_fields(CHUNKED, ("Content-Length", "4"), method="POST", body=BODY),
          length_zero=with_fields(("Content-Length", "0"), CHUNKED, method="POST", body=BODY)),
    *each(57, 400, CLOSE, http10=coding(b"chunked", version="HTTP/1.0"),
          http10_identity=coding(b"identity", version="HTTP/1.0")),
    *each(58, 400, CLOSE, not_final=coding(b"chunked, gzip"),
          not_final_lines=coding(b"chunked", b"gzip")),
    *each(59, 501, CLOSE, unknown=coding(b"xchunked"), identity=coding(b"identity"),
          gzip=coding(b"gzip, chunked")),
    *each(60, 400, CLOSE, twice=coding(b"chunked, chunked"),
          two_lines=coding(b"chunked", b"chunked")),
    *each(61, 400, CLOSE,
          vt=coding(b"\x0bchunked"), ff=coding(b"chunked\x0c"), nul=coding(b"chunked\0"),
          xa0=coding(b"\xa0chunked"), quotes=coding(b'"chunked"'),
          name=with_fields(b"Transfer-Encoding : chunked", method="POST", body=BODY)),
    *each(62, 400, CLOSE, before=coding(b",chunked"), after=coding(b"chunked,")),
    (63, "case", coding(b"cHuNkEd"), 200, KEEP),
)

BAD_CHUNKS = table(
    *each(64, 400, CLOSE,
          hex=chunks(b"0x4\r\nbody\r\n0\r\n\r\n"), plus=chunks(b"+4\r\nbody\r\n0\r\n\r\n"),
          minus=chunks(b"-4\r\nbody\r\n0\r\n\r\n"), underscore=chunks(b"0_4\r\nbody\r\n0\r\n\r\n"),
          space_before=chunks(b" 4\r\nbody\r\n0\r\n\r\n"), letter=chunks(b"G\r\nbody\r\n0\r\n\r\n"),
          space_after=chunks(b"4 \r\nbody\r\n0\r\n\r\n"), empty=chunks(b"\r\nbody\r\n0\r\n\r\n")),
    *each(65, 400, CLOSE,
          seventeen=chunks(b"1" + b"0" * 16 + b"\r\nbody\r\n0\r\n\r\n"),
          wraps=chunks(b"10000000000000004\r\nbody\r\n0\r\n\r\n"),
          zeros=chunks(b"0" * 40 + b"4\r\nbody\r\n0\r\n\r\n")),
    *each(66, 400, CLOSE,
          long=chunks(b"4;" + b"a" * 20000 + b"\r\nbody\r\n0\r\n\r\n"),
          ratio=chunks(chunked(*[b"x"] * 40, extension=b";a=" + b"a" * 4000))),
    *each(67, 400, CLOSE,
          bare=chunks(b"4;\r\nbody\r\n0\r\n\r\n"), lf=chunks(b"4;a\nb\r\nbody\r\n0\r\n\r\n"),
          cr=chunks(b"4;a\rb\r\nbody\r\n0\r\n\r\n"), nul=chunks(b"4;a\0\r\nbody\r\n0\r\n\r\n"),
          lf_after_size=chunks(b"4\nbody\r\n0\r\n\r\n"), lf_last=chunks(b"4\r\nbody\r\n0\n\n")),
    *each(68, 400, CLOSE,
          longer=chunks(b"4\r\nbody!\r\n0\r\n\r\n"), no_end=chunks(b"4\r\nbody0\r\n\r\n"),
          lf=chunks(b"4\r\nbody\n0\r\n\r\n"), last=chunks(b"4\r\nbody\r\n0\r\nXX\r\n\r\n")),
    (70, "trailer-folded", chunks(b"4\r\nbody\r\n0\r\nA: 1\r\n 2\r\n\r\n"), 400, CLOSE),
    (71, "trailers-large", chunks(chunked(b"body", last=b"0\r\n" + b"A: 1\r\n" * 20000 + b"\r\n")),
     431, CLOSE),
)


@BAD_LENGTH
def test_bad_content_length(wsgi, data, status, connection):
    """A Content-Length that is not one plain number is refused, and the connection closed."""
    check(wsgi, data, status, connection)


@BAD_CODING
def test_transfer_encoding(wsgi, data, status, connection):
    """A Transfer-Encoding that could be read in two ways is refused, and the connection closed."""
    check(wsgi, data, status, connection)


@BAD_CHUNKS
def test_bad_chunks(wsgi, data, status, connection):
    """Malformed chunks are refused before the application is asked, the connection closed."""
    check(wsgi, data, status, connection)


@pytest.mark.parametrize("data, body", [
    (request_bytes("POST", body=b"body"), "body"),
    (request_bytes("POST", "/", ("Content-Length", "0")), ""),
    (chunks(chunked(b"bo", b"dy")), "body"),
    (chunks(chunked()), ""),
    (chunks(b"00004\r\nbody\r\n0\r\n\r\n"), "body"),
    (chunks(b"A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n"), "0123456789" * 2),
    (chunks(chunked(b"bo", b"dy", extension=b";a;b=1;c=\"q;\\\"x\"")), "body"),
    (request_bytes("GET", body=b"body"), "body"),
    (request_bytes("DELETE", body=b"body"), "body"),
    (request_bytes("OPTIONS", body=b"body"), "body"),
], ids=["length", "length-0", "chunks", "no-chunks", "size-zeros", "size-case", "extensions",
        "get", "delete", "options"])
def test_row72_body_reaches_the_application(echo, data, body):
    """Rows 63, 72: a body is framed with any method, handed over whole, the connection kept."""
    with echo.connect() as client:
        client.send(data)
        assert client.response().json()["body"] == body
        client.expect_kept()


@pytest.mark.parametrize("request_head", [
    request_bytes("POST", "/?key=KEY", ("Content-Length", "10")) + b"first",
    request_bytes("POST", "/?key=KEY", CHUNKED) + b"a\r\nfirst",
    request_bytes("POST", "/?key=KEY", CHUNKED) + b"5\r\nfirst\r\n",
], ids=["length", "in-chunk", "between-chunks"])
def test_row69_incomplete_body(echo, request_head, request):
    """Row 69: a body cut off by the client is never handed over as a complete one."""
    key = request.node.name.replace("[", "-").replace("]", "")
    with echo.connect() as client:
        client.send(request_head.replace(b"KEY", key.encode()))
        client.half_close()
        try:
            assert client.response().status == 400
        except Truncated:
            pass   # closed without an answer: nobody waits for one
        assert client.is_over(5)
    assert echo.get(f"/calls?key={key}").text == "0"


def test_row70_trailers(echo):
    """Row 70: trailers are never merged into the fields, whatever they are called."""
    trailers = b"0\r\nContent-Length: 99\r\nHost: evil\r\nX-Evil: 1\r\nAuthorization: evil\r\n\r\n"
    with echo.connect() as client:
        client.send(chunks(chunked(b"body", last=trailers)))
        seen = client.response().json()
        assert seen["body"] == "body" and "evil" not in str(seen)
        client.expect_kept()


def test_row85_coded_body(echo):
    """Row 85: a body with a Content-Encoding is passed on as it is."""
    body = b"\x1f\x8b not really gzip"
    seen = echo.post("/", body, ("Content-Encoding", "gzip")).json()
    assert seen["body"].encode("latin-1") == body
    assert ["content-encoding", "gzip"] in seen["fields"]


@pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 1_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bodies_of_all_sizes(echo, framing, size):
    """Bodies below, at and above the bound of memory arrive unchanged."""
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    if framing == "length":
        response = echo.post("/", body)
    else:
        pieces = [body[i:i + 7777] for i in range(0, size, 7777)]
        response = echo.post("/", chunked(*pieces), CHUNKED)
    assert response.json()["body"].encode() == body
