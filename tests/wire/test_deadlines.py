"""Rows 42, 43, 77 and 83: clients that take too long."""

import pytest
from harness.wire import Truncated, request_bytes, says_close

SHORT = ("--workers", "1", "--threads", "1", "--head-timeout", "1s", "--body-timeout", "1s",
         "--idle-timeout", "1s", "--write-timeout", "1s")
INTERVAL = 0.1


@pytest.fixture
def short(shared_server):
    """An application of one thread, behind deadlines of one second."""
    return shared_server("wsgi_echo:app", *SHORT)


def expect_408(client):
    response = client.response()
    assert response.status == 408 and says_close(response), response
    client.expect_end()


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\n",
                                   b"GET / HTTP/1.1\r\nHost: a\r\nA: "])
def test_row42_head_stops(short, start):
    """Row 42: a head that stops on its way is answered 408 at the head's deadline."""
    with short.connect() as client:
        client.send(start)
        assert short.get().status == 200
        expect_408(client)


def test_row42_head_trickles(short):
    """Row 42: a byte now and then does not move the head's deadline."""
    with short.connect() as client:
        client.trickle(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 1000, INTERVAL)
        expect_408(client)


def test_row42_second_head_trickles(short):
    """Row 42: the deadline holds for each request of a connection."""
    with short.connect() as client:
        client.expect_kept()
        client.trickle(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 1000, INTERVAL)
        expect_408(client)


def test_row42_nothing_sent(short):
    """Row 42: a connection on which nothing was ever sent does not stay."""
    with short.connect() as client:
        assert client.is_over(5)


def test_row43_idle(short):
    """Row 43: an idle connection is closed without a word."""
    with short.connect() as client:
        client.expect_kept()
        client.expect_end()


def test_row77_body_stops(short):
    """Row 77: a body that makes no progress is answered 408; the only thread was never taken."""
    with short.connect() as client:
        client.request("POST", "/", ("Content-Length", "100"))
        client.send(b"first")
        assert short.get().status == 200
        expect_408(client)


def test_row77_body_trickles_in_time(short):
    """Row 77: a pause shorter than the deadline is no error."""
    with short.connect() as client:
        client.request("POST", "/", ("Content-Length", "15"))
        client.trickle(b"x" * 15, INTERVAL)
        assert client.response().json()["body"] == "x" * 15


def test_row77_body_below_the_rate(short):
    """Row 77: progress below the minimum rate ends in 408 after the ten seconds of grace."""
    with short.connect(timeout=20) as client:
        client.request("POST", "/", ("Content-Length", "10000"))
        client.trickle(b"x" * 1000, INTERVAL)
        expect_408(client)


def test_row83_response_never_read(short):
    """Row 83: a client that does not read is cut off, and its thread serves others again."""
    with short.connect(receive_buffer_bytes=4096) as client:
        client.request("GET", "/pieces?count=100000&bytes=10000")
        response = client.head()
        assert short.request("GET", "/after").status == 200   # the only thread: free after the cut
        with pytest.raises(Truncated):
            sum(map(len, client.pieces(response)))


def test_slow_reader_in_time_is_served(short):
    """Row 83: a client that reads slowly, but reads, gets all of its response."""
    with short.connect(receive_buffer_bytes=4096) as client:
        client.request("GET", "/size?bytes=600000")
        response = client.head()
        size = sum(map(len, client.pieces(response)))
        assert size == 600_000


def test_deadlines_do_not_touch_others(short):
    """While twenty clients dawdle, others are answered."""
    slow = [short.connect() for _ in range(20)]
    for client in slow:
        client.send(request_bytes()[:20])
    for _ in range(20):
        assert short.get().status == 200
    for client in slow:
        expect_408(client)
        client.close()
