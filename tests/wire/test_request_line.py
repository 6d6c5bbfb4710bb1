"""Rows 1-30: request line and target."""

import random

import pytest
from harness.rows import CLOSE, KEEP, check, each, table
from harness.wire import request_bytes

HOST = b"Host: localhost\r\n\r\n"


def line(text):
    return text + b"\r\n" + HOST


def host(*values):
    return request_bytes("GET", "/", *[("Host", value) for value in values], host=None)


def random_bytes(seed):
    return random.Random(seed).randbytes(64 * 1024)


BAD = table(
    (1, "no-host", host(), 400, CLOSE),
    *each(2, 400, CLOSE, two_hosts_equal=host("a", "a"), two_hosts=host("a", "b")),
    *each(3, 400, CLOSE,
          space=host("a b"), user=host("user@h"), path=host("h/path"), comma=host("a,b"),
          control=host("h\x01"), query=host("h?q"), fragment=host("h#f"), bracket=host("[::1"),
          port_word=host("h:x"), port_negative=host("h:-1"), port_large=host("h:99999"),
          two_ports=host("h:80:80"), backslash=host("h\\a"), percent=host("h%")),
    *each(4, 400, CLOSE, empty=host(""), blank=host("  ")),
    *each(7, 400, CLOSE, star_get=line(b"GET * HTTP/1.1"), star_path=line(b"OPTIONS */x HTTP/1.1")),
    (9, "connect", request_bytes("CONNECT", "h:443", host="h:443"), 405, CLOSE),
    *each(10, 400, CLOSE,
          authority=line(b"GET example.com:80 HTTP/1.1"), relative=line(b"GET foo HTTP/1.1"),
          dot=line(b"GET ./x HTTP/1.1"), query=line(b"GET ?q HTTP/1.1")),
    *each(11, 400, CLOSE, fragment=line(b"GET /#f HTTP/1.1"), query=line(b"GET /?q#f HTTP/1.1")),
    *each(12, 400, CLOSE,
          space_inside=line(b"GET /a b HTTP/1.1"), two_before=line(b"GET  / HTTP/1.1"),
          two_after=line(b"GET /  HTTP/1.1"), trailing=line(b"GET / HTTP/1.1 "),
          tab_before=line(b"GET\t/ HTTP/1.1"), tab_after=line(b"GET /\tHTTP/1.1")),
    *each(13, 400, CLOSE,
          lower=line(b"GET / http/1.1"), zero=line(b"GET / HTTP/01.1"), short=line(b"GET / HTTP/1"),
          dot=line(b"GET / HTTP/1."), long=line(b"GET / HTTP/1.10"), cr=line(b"GET / HTTP/\r1.1"),
          comma=line(b"GET / HTTP/1,1"), letter=line(b"GET / HTTP/1.1x"),
          name=line(b"GET / HTPT/1.1"), space=line(b"GET / HTTP /1.1")),
    *each(15, 505, CLOSE, two=line(b"GET / HTTP/2.0"), nine=line(b"GET / HTTP/9.9")),
    (16, "version-0.9", b"GET /\r\n", 400, CLOSE),
    *each(20, 400, CLOSE,
          bracket=line(b"GE(T / HTTP/1.1"), control=line(b"G\x01T / HTTP/1.1"),
          high=line(b"G\x80T / HTTP/1.1"), quote=line(b'"GET" / HTTP/1.1'),
          nul=line(b"GET\0 / HTTP/1.1")),
    (21, "method-long", line(b"A" * 1000 + b" / HTTP/1.1"), 501, CLOSE),
    (22, "target-long", line(b"GET /" + b"a" * 17000 + b" HTTP/1.1"), 414, CLOSE),
    (22, "target-endless", b"GET /" + b"a" * 200000, 414, CLOSE),
    *each(24, 400, CLOSE,
          nul=line(b"GET /\0 HTTP/1.1"), control=line(b"GET /\x1f HTTP/1.1"),
          delete=line(b"GET /\x7f HTTP/1.1"), high=line(b"GET /\xc3\xa9 HTTP/1.1"),
          cr=line(b"GET /\ra HTTP/1.1")),
    (25, "many-empty-lines", b"\r\n" * 100 + line(b"GET / HTTP/1.1"), 400, CLOSE),
    *each(26, 400, CLOSE,
          space_first=line(b" GET / HTTP/1.1"), tab_first=line(b"\tGET / HTTP/1.1"),
          space_field=b"GET / HTTP/1.1\r\n A: 1\r\n" + HOST,
          tab_field=b"GET / HTTP/1.1\r\n\tA: 1\r\n" + HOST,
          space_after_empty=b"\r\n " + line(b"GET / HTTP/1.1")),
    *each(29, 400, CLOSE, **{f"random_{seed}": random_bytes(seed) for seed in (1, 2, 3)}),
)


@BAD
def test_bad_request_line(wsgi, data, status, connection):
    """Each malformed request line is refused by its status, and the connection is closed."""
    check(wsgi, data, status, connection)


GOOD = table(
    (6, "absolute-form", request_bytes("GET", "http://other.example/p"), 200, KEEP),
    (14, "minor-version-2", request_bytes(version="HTTP/1.2"), 200, KEEP),
    (23, "target-8000", request_bytes("GET", "/" + "a" * 7999), 200, KEEP),
    (25, "empty-line", b"\r\n" + request_bytes(), 200, KEEP),
    (25, "two-empty-lines", b"\r\n\r\n" + request_bytes(), 200, KEEP),
    (30, "trace", request_bytes("TRACE", "/", ("Cookie", "a=secret")), 405, KEEP),
    (3, "host-with-port", host("example.com:8080"), 200, KEEP),
    (3, "host-address", host("[::1]:8080"), 200, KEEP),
)


@GOOD
def test_unusual_request_line(wsgi, data, status, connection):
    """Unusual request lines that the RFCs allow are served, and the connection stays."""
    check(wsgi, data, status, connection)


def test_row5_http_1_0_without_host(echo):
    """Row 5: HTTP/1.0 needs no Host; its connection ends after the answer."""
    with echo.connect() as client:
        response = client.exchange("GET", "/p", version="HTTP/1.0", host=None)
        assert response.status == 200 and response.json()["path"] == "/p"
        assert response.framing != "chunked"
        client.expect_end()


def test_row5_http_1_0_keep_alive(echo):
    """Row 5: HTTP/1.0 with Connection: keep-alive keeps it and says so (RFC 9112 C.2.2)."""
    with echo.connect() as client:
        client.request("GET", "/p", ("Connection", "keep-alive"), version="HTTP/1.0")
        response = client.response()
        assert response.get("connection", "").lower() == "keep-alive", response
        client.expect_kept()


def test_row5_http_1_0_never_gets_chunks(echo):
    """Row 5: a body of unknown length goes to HTTP/1.0 without chunks, ended by the close."""
    with echo.connect() as client:
        response = client.exchange("GET", "/pieces?count=3&bytes=5", version="HTTP/1.0")
        assert (response.framing, response.body) == ("close", b"x" * 15)


@pytest.mark.parametrize("target, path, query", [
    ("http://other.example/p?q=1", "/p", "q=1"), ("http://other.example", "/", ""),
    ("http://other.example?q=1", "/", "q=1"), ("HTTP://other.example:81/p", "/p", "")])
def test_row6_absolute_form(echo, target, path, query):
    """Row 6: absolute-form is routed by the target, and Host is the target's authority."""
    seen = echo.get(target, host="localhost").json()
    assert (seen["path"], seen["query"]) == (path, query)
    hosts = [value for name, value in seen["fields"] if name == "host"]
    assert hosts == [target.split("/")[2].partition("?")[0]]


def test_row8_options_star(wsgi):
    """Row 8: OPTIONS * is answered for the server itself, with Allow."""
    with wsgi.connect() as client:
        response = client.exchange("OPTIONS", "*")
        assert response.status == 204
        assert {"GET", "POST"} <= set(response.get("allow").replace(" ", "").split(","))
        client.expect_kept()


@pytest.mark.parametrize("method", ["BREW", "get", "PROPFIND", "M-SEARCH", "Q!#$%&'*+-.^_`|~1"])
def test_rows17_19_method_reaches_the_application(echo, method):
    """Rows 17, 19: an unknown method is passed on letter for letter; `get` is not GET."""
    assert echo.request(method, "/p").json()["method"] == method


@pytest.mark.parametrize("method, target", [("TRACE", "/"), ("CONNECT", "h:443")])
def test_row18_405_has_allow(wsgi, method, target):
    """Row 18: a 405 names the methods that are allowed."""
    response = wsgi.request(method, target)
    assert response.status == 405 and "GET" in response.get("allow")


def test_row27_http2_preface(wsgi):
    """Row 27: the HTTP/2 preface gets an HTTP/1.1 error, and a close."""
    with wsgi.connect() as client:
        client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        response = client.response()
        assert response.status in (400, 505)
        client.expect_end()


def test_row28_tls_on_a_plain_port(wsgi):
    """Row 28: a TLS ClientHello gets a close or a plain 400, and harms nobody."""
    hello = bytes.fromhex("1603010200010001fc0303") + random_bytes(28)[:506]
    with wsgi.connect() as client:
        client.send(hello)
        data = client.receive()
        assert data == b"" or data.startswith(b"HTTP/1.1 400 ")
        assert client.is_over(5)
    assert wsgi.get().status == 200
