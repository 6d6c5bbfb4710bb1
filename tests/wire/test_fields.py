"""Rows 31-41 and 44-46: the header section."""

import pytest
from harness.rows import CLOSE, check, each, table, with_fields
from harness.wire import request_bytes


def raw(field_lines, end=b"\r\n\r\n"):
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n" + field_lines + end


BAD = table(
    *each(31, 400, CLOSE, space=raw(b"A : 1"), tab=raw(b"A\t: 1"), host=b"GET / HTTP/1.1\r\n"
          b"Host : localhost\r\n\r\n"),
    *each(32, 400, CLOSE, space=raw(b"A: 1\r\n 2"), tab=raw(b"A: 1\r\n\t2"),
          empty=raw(b"A:\r\n 2"), blank=raw(b"A: 1\r\n ")),
    *each(33, 400, CLOSE,
          empty_name=raw(b": x"), no_colon=raw(b"nocolon"), bracket=raw(b"[: 1"),
          x85=raw(b"\x85a: 1"), xa0=raw(b"a\xa0: 1"), space=raw(b"a b: 1"),
          parenthesis=raw(b"a(b): 1"), quote=raw(b'"a": 1'), nul=raw(b"a\0: 1")),
    *each(34, 400, CLOSE, nul=raw(b"A: a\0b"), cr=raw(b"A: a\rb"), lf=raw(b"A: a\nb"),
          cr_end=raw(b"A: a\r"), cr_cr=raw(b"A: a\r\r")),
    *each(35, 400, CLOSE, bell=raw(b"A: a\x07"), delete=raw(b"A: \x7f"), vt=raw(b"A: a\x0bb"),
          escape=raw(b"A: \x1b[0m")),
    *each(37, 400, CLOSE,
          all=b"GET / HTTP/1.1\nHost: localhost\n\n", field=raw(b"A: 1\nB: 2"),
          last=raw(b"A: 1", end=b"\n\n"), end=raw(b"A: 1", end=b"\r\n\n"),
          line=b"GET / HTTP/1.1\nHost: localhost\r\n\r\n"),
    *each(38, 431, CLOSE,
          one=with_fields(("A", "a" * 17000)), name=with_fields(("A" * 17000, "a")),
          total=with_fields(*[(f"A{i}", "a" * 8000) for i in range(10)]),
          count=with_fields(*[(f"A{i}", "1") for i in range(200)]),
          endless=raw(b"A: " + b"a" * 300000, end=b"")),
)


@BAD
def test_bad_fields(wsgi, data, status, connection):
    """Each malformed header section is refused by its status, and the connection is closed."""
    check(wsgi, data, status, connection)


def values(seen, name):
    return [value for key, value in seen["fields"] if key == name]


def ask(server, *fields, **options):
    """What the application saw of a request that keeps its connection."""
    with server.connect() as client:
        client.request("GET", "/", *fields, **options)
        response = client.response()
        assert response.status == 200, response
        client.expect_kept()
    return response.json()


def test_row35_blanks_around_a_value(echo):
    """Row 35: tabs and spaces around a value are not part of it; those inside are."""
    seen = ask(echo, "X-A: \t a\tb c \t ", "X-B:none", "X-C:")
    assert [values(seen, name) for name in ("x-a", "x-b", "x-c")] == [["a\tb c"], ["none"], [""]]


def test_row36_obs_text(echo):
    """Row 36: bytes above 0x7f arrive as they were sent."""
    assert values(ask(echo, b"X-A: \x80\xe9\xff"), "x-a") == ["\x80\xe9\xff"]


def test_row38_up_to_the_limits(echo):
    """Row 38: a hundred fields, and one of 15 KiB, are no error."""
    seen = ask(echo, *[(f"X-A{i}", str(i)) for i in range(100)], ("X-Long", "a" * 15000))
    assert [values(seen, f"x-a{i}") for i in range(100)] == [[str(i)] for i in range(100)]
    assert values(seen, "x-long") == ["a" * 15000]


@pytest.mark.parametrize("field", ["Content_Length: 5", "X_Forwarded_For: 6.6.6.6", "X_A: evil"])
def test_row39_underscore(echo, field):
    """Row 39: a field name with an underscore is dropped, so it poses as no other field."""
    seen = ask(echo, field, "X-B: 1")
    assert values(seen, "x-b") == ["1"]
    names = {name for name, _ in seen["fields"]}
    assert not names & {"content-length", "x-forwarded-for", "x-a", "x_a"}
    assert "CONTENT_LENGTH" not in seen.get("environ", {}) or not seen["environ"]["CONTENT_LENGTH"]


@pytest.mark.parametrize("name", ["Content-Type", "Authorization"])
def test_row40_duplicate_singleton(echo, name):
    """Row 40: of a field that may occur once, 400 or the first only; never the second."""
    response = echo.get("/", (name, "first"), (name, "second"))
    if response.status != 400:
        assert values(response.json(), name.lower()) == ["first"]


def test_row41_cookies(wsgi, asgi):
    """Row 41: Cookie lines are joined by `; ` in WSGI and stay apart in ASGI."""
    cookies = [("Cookie", "a=1"), ("Cookie", "b=2; c=3")]
    assert values(ask(wsgi, *cookies), "cookie") == ["a=1; b=2; c=3"]
    assert values(ask(asgi, *cookies), "cookie") == ["a=1", "b=2; c=3"]


def test_repeated_fields(wsgi, asgi):
    """A list field in several lines is joined by a comma in WSGI, as-is and in order in ASGI."""
    fields = [("X-A", "1"), ("X-B", "2"), ("X-A", "3")]
    assert values(ask(wsgi, *fields), "x-a") in (["1,3"], ["1, 3"])
    in_order = [field for field in ask(asgi, *fields)["fields"] if field[0].startswith("x-")]
    assert in_order == [["x-a", "1"], ["x-b", "2"], ["x-a", "3"]]


@pytest.mark.parametrize("names", ["Host", "X-Real-IP", "X-Forwarded-For, Remote-Addr",
                                   "Content-Length", "Transfer-Encoding"])
def test_row44_connection_names_fields(echo, names):
    """Row 44: a client can not make the server lose the fields it works with."""
    with echo.connect() as client:
        client.request("POST", "/", ("Connection", names), body=b"body")
        seen = client.response().json()
        assert (seen["body"], seen["peer"]) == ("body", "127.0.0.1")
        assert values(seen, "host") == ["localhost"]
        client.expect_kept()


def test_row44_connection_close_in_a_list(echo):
    """Row 44: `close` counts wherever it stands in the list, in any case."""
    with echo.connect() as client:
        assert client.exchange("GET", "/", ("Connection", "X-A , CLOSE")).status == 200
        client.expect_end()


def test_row45_proxy(echo):
    """Row 45: a Proxy field never reaches the application (httpoxy)."""
    seen = ask(echo, ("Proxy", "http://evil"), ("proxy", "http://evil"))
    assert "evil" not in str(seen)


def test_row46_forwarded_by_a_stranger(echo):
    """Row 46: what an untrusted peer claims about the client is not believed."""
    seen = ask(echo, ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"),
               ("X-Real-IP", "6.6.6.6"), ("Forwarded", "for=6.6.6.6;proto=https"))
    assert (seen["peer"], seen["scheme"]) == ("127.0.0.1", "http")
    assert not values(seen, "x-forwarded-for") or values(seen, "x-forwarded-for") == ["127.0.0.1"]


def test_every_response_has_a_date(wsgi):
    """Answers of the application and of the server carry Date (RFC 9110 section 6.6.1)."""
    for request in (request_bytes(), request_bytes("TRACE"), raw(b": x")):
        with wsgi.connect() as client:
            client.send(request)
            assert client.response().get("date", "").endswith(" GMT")
