"""The strict client itself: a test tool that accepts anything would prove nothing."""

import socket

import pytest
from harness.wire import Connection, Malformed, Truncated

OK = b"HTTP/1.1 200 OK\r\n"


def connection_with(data):
    """A client connection whose server has sent `data` and closed."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        client = Connection(listener.getsockname())
        server, _ = listener.accept()
        server.sendall(data)
        server.close()
    return client


MALFORMED = {
    "bare LF": b"HTTP/1.1 200 OK\n\n",
    "no reason separator": b"HTTP/1.1 200\r\n\r\n",
    "version": b"HTTP/2.0 200 OK\r\n\r\n",
    "space before colon": OK + b"A : 1\r\n\r\n",
    "no colon": OK + b"A\r\n\r\n",
    "folded": OK + b"A: 1\r\n 2\r\n\r\n",
    "control in value": OK + b"A: \x01\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "length and coding": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "length on 204": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "coding unknown": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "chunk end": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_responses_fail(data):
    """The client rejects what RFC 9112 forbids a server to send."""
    with pytest.raises(Malformed):
        connection_with(data).response()


@pytest.mark.parametrize("data", [
    b"", OK, OK + b"Content-Length: 5\r\n\r\nfour", OK + b"Transfer-Encoding: chunked\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"])
def test_truncated_responses_are_seen(data):
    """The client tells a response that was cut off from a complete one."""
    with pytest.raises(Truncated):
        connection_with(data).response()


def test_well_formed_responses_are_read():
    """All framings are read to their end and not past it."""
    client = connection_with(
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na"
        + OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n2\r\ncd\r\n0\r\nT: 1\r\n\r\n"
        + b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + OK + b"\r\nrest")
    first, second, third, last = (client.response() for _ in range(4))
    assert (first.interim, first.body) == ([100], b"a")
    assert (second.body, second.trailers) == (b"bcd", [("T", "1")])
    assert (third.framing, third.body) == ("none", b"")
    assert (last.framing, last.body) == ("close", b"rest")
    client.expect_end()
