"""Rows 72-75 and 78-84: many requests on one connection, and connections that end."""

import threading

import pytest
from harness.rows import with_fields
from harness.wait import eventually
from harness.wire import chunked, request_bytes, says_close

LARGE = 8 * 1024 * 1024


def test_row73_early_answer_to_a_small_body(echo):
    """Row 73: what the application leaves unread of a body does no harm to the next request."""
    with echo.connect() as client:
        response = client.exchange("POST", "/unread", body=b"GET /evil HTTP/1.1\r\n\r\n" * 100)
        assert (response.status, response.body) == (401, b"unread")
        client.expect_kept()


def test_row73_413_survives_the_upload(wsgi):
    """Row 73: a client that goes on sending still receives the early answer, not a reset."""
    with wsgi.connect() as client:
        client.request("POST", "/", ("Content-Length", str(1 << 40)))
        sender = threading.Thread(target=client.send, args=(b"x" * LARGE,))
        sender.start()
        assert client.response().status == 413
        client.expect_end()
        sender.join()


def test_row74_continue(echo):
    """Row 74: Expect: 100-continue is answered 100, then the body is taken, then the answer."""
    with echo.connect() as client:
        client.request("POST", "/", ("Expect", "100-continue"), ("Content-Length", "4"))
        assert client.readable(10)
        client.send(b"body")
        response = client.response()
        assert (response.interim, response.json()["body"]) == ([100], "body")
        client.expect_kept()


def test_row74_continue_not_needed(echo):
    """Row 74: no 100 when the body is there already, or there is none."""
    with echo.connect() as client:
        response = client.exchange("POST", "/", ("Expect", "100-continue"), body=b"body")
        assert (response.status, response.json()["body"]) == (200, "body")
        response = client.exchange("GET", "/", ("Expect", "100-continue"))
        assert (response.status, response.interim) == (200, [])
        client.expect_kept()


@pytest.mark.parametrize("field, status", [
    (("Content-Length", "2147483648"), 413), (("Content-Length", "1x"), 400),
    (("Transfer-Encoding", "xchunked"), 501)])
def test_row74_final_status_instead(wsgi, field, status):
    """Row 74: a request that is refused gets its status at once, without a 100."""
    with wsgi.connect() as client:
        client.request("POST", "/", ("Expect", "100-continue"), field)
        response = client.response()
        assert (response.status, response.interim) == (status, [])
        client.expect_end()


def test_row75_continue_in_http_1_0(echo):
    """Row 75: HTTP/1.0 never gets a 1xx; the expectation is ignored."""
    with echo.connect() as client:
        client.request("POST", "/", ("Expect", "100-continue"), ("Content-Length", "4"),
                       version="HTTP/1.0")
        assert not client.readable(0.2)
        client.send(b"body")
        response = client.response()
        assert (response.status, response.interim) == (200, [])


def test_row76_other_expectation(wsgi):
    """Row 76: an expectation that nobody knows is answered 417; the connection stays."""
    with wsgi.connect() as client:
        assert client.exchange("GET", "/", ("Expect", "miracles")).status == 417
        client.expect_kept()


def test_row78_pipelining(echo):
    """Row 78: a hundred requests sent at once are answered in order."""
    with echo.connect() as client:
        client.send(b"".join(request_bytes("POST", f"/{i}", body=b"b" * i) for i in range(100)))
        for i in range(100):
            seen = client.response().json()
            assert (seen["path"], len(seen["body"])) == (f"/{i}", i)
        client.expect_kept()


def test_row78_pipelined_answers_of_all_kinds(wsgi):
    """Row 78: answers of the application and of the server itself keep one order."""
    requests = [("OPTIONS", "*", 204), ("GET", "/a", 200), ("TRACE", "/", 405),
                ("HEAD", "/b", 200), ("GET", "/pieces?count=3&bytes=9", 200),
                ("POST", "/unread", 401), ("GET", "/c", 200)]
    with wsgi.connect() as client:
        client.send(b"".join(request_bytes(method, target) for method, target, _ in requests))
        assert [client.response(method).status for method, _, _ in requests] == [
            status for *_, status in requests]


def test_row78_pipelining_is_paused(wsgi):
    """Row 78: a client that only sends and never reads is not read without bound."""
    request = request_bytes("GET", "/size?bytes=10000")
    with wsgi.connect(timeout=2) as client:
        with pytest.raises(TimeoutError):
            for _ in range(4000):
                client.socket.sendall(request * 100)
    assert wsgi.get().status == 200


def test_row79_bytes_after_close(echo):
    """Row 79: what follows a request with Connection: close is ignored."""
    with echo.connect() as client:
        client.send(with_fields(("Connection", "close")) + request_bytes("POST", "/evil") * 3)
        response = client.response()
        assert response.json()["path"] == "/" and says_close(response)
        client.expect_end()


@pytest.mark.parametrize("valid", [
    request_bytes(), request_bytes("POST", body=b"body"),
    request_bytes("POST", "/", ("Transfer-Encoding", "chunked"), body=chunked(b"body"))],
    ids=["plain", "length", "chunked"])
def test_row80_valid_then_invalid(echo, valid):
    """Row 80: the valid requests before an invalid one are answered in full, then comes the 400."""
    with echo.connect() as client:
        client.send(valid + valid + b"nonsense\r\n\r\n")
        assert [client.response().status for _ in range(3)] == [200, 200, 400]
        client.expect_end()


def test_row81_half_close(echo):
    """Row 81: a client that closes its sending side after the request is still answered."""
    with echo.connect() as client:
        client.send(request_bytes("POST", "/p", body=b"body") + request_bytes("GET", "/q"))
        client.half_close()
        assert client.response().json()["body"] == "body"
        assert client.response().json()["path"] == "/q"
        client.expect_end()


def test_row82_reset_inside_a_response(echo):
    """Row 82: clients that vanish inside a response leave no descriptors and few log lines."""
    before, size = echo.edge.descriptor_count(), len(echo.log())
    for _ in range(20):
        client = echo.connect()
        client.request("GET", "/pieces?count=1000&bytes=10000")
        assert client.head().status == 200
        client.reset()
    assert echo.get().status == 200
    eventually(lambda: echo.edge.descriptor_count() <= before, 10, "the end of the descriptors")
    assert "Traceback" not in echo.log()[size:] and len(echo.log()) - size < 20_000


@pytest.mark.parametrize("data", [
    request_bytes("GET", "/p?q=1", "X-A: 1"),
    request_bytes("POST", "/p", body=b"body"),
    request_bytes("POST", "/p", ("Transfer-Encoding", "chunked"),
                  body=chunked(b"bo", b"dy", extension=b";a=1", last=b"0\r\nT: 1\r\n\r\n")),
], ids=["plain", "length", "chunked"])
def test_row84_each_byte_by_itself(echo, data):
    """Row 84: a request gets the same answer however its bytes are split."""
    with echo.connect() as client:
        client.send(data)
        whole = client.response()
        client.send_bytewise(data)
        single = client.response()
        for response in (whole, single):
            response.seen = response.json()
            response.seen.pop("environ", None), response.seen.pop("scope", None)
        assert whole.seen == single.seen
        client.expect_kept()


def test_row84_two_parts_at_every_byte(wsgi):
    """Row 84: a request cut in two anywhere is served like a whole one."""
    data = request_bytes("POST", "/p", ("Transfer-Encoding", "chunked"),
                         body=chunked(b"body", last=b"0\r\nT: 1\r\n\r\n"))
    with wsgi.connect() as client:
        for cut in range(1, len(data)):
            client.send(data[:cut])
            assert not client.readable(0.001), f"an answer to the first {cut} bytes"
            client.send(data[cut:])
            assert client.response().json()["body"] == "body"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_many_requests_of_many_connections(echo, method):
    """Fifty connections that take turns get each its own answers."""
    clients = [echo.connect() for _ in range(50)]
    for turn in range(4):
        for i, client in enumerate(clients):
            client.request(method, f"/{i}/{turn}", body=b"" if method == "GET" else b"%d" % i)
        for i, client in enumerate(clients):
            assert client.response().json()["path"] == f"/{i}/{turn}"
    for client in clients:
        client.close()


def test_websocket_upgrade(echo):
    """WebSocket is not there yet: the handshake is answered 501."""
    response = echo.get("/", ("Connection", "Upgrade"), ("Upgrade", "websocket"),
                        ("Sec-WebSocket-Version", "13"),
                        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="))
    assert response.status == 501


def test_other_upgrades_are_ignored(echo):
    """Row 151: an upgrade that nobody offers, such as h2c, is answered as if it was not there."""
    with echo.connect() as client:
        response = client.exchange("GET", "/", ("Connection", "Upgrade, HTTP2-Settings"),
                                   ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__"))
        assert response.status == 200
        client.expect_kept()
