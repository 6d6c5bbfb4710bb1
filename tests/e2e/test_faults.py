"""A machine that is short of everything: rows 188-190, in the edge while it serves."""

import re
import resource
import threading

import pytest
from harness.faults import Faults
from harness.server import SANITIZED, Server
from harness.wire import Truncated, chunked, request_bytes

DESCRIPTOR_LIMIT = 64
BODY = bytes(range(256)) * 1200   # 300 KB: beyond body_memory_max, so it goes through a file

preloaded = pytest.mark.skipif(SANITIZED, reason="the sanitizer replaces the same functions")


@pytest.mark.skipif(SANITIZED, reason="sanitizers need descriptors of their own")
def test_row188_no_descriptors():
    """Row 188: without descriptors new connections wait, nothing spins; all are served later."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTOR_LIMIT, DESCRIPTOR_LIMIT))
    with Server("wsgi_echo:app", "--workers", "1", "--threads", "1", preexec=limit) as server:
        clients = [server.connect(timeout=30) for _ in range(2 * DESCRIPTOR_LIMIT)]
        server.wait_log("no file descriptors left")
        for client in clients:
            client.request("GET", "/size?bytes=5")
        assert clients[0].response().status == 200   # those that are open are served
        before = server.edge.cpu_seconds()
        threading.Event().wait(1)   # the length of a measurement
        assert server.edge.cpu_seconds() - before < 0.3, "it spins"
        clients[0].close()
        for client in clients[1:]:   # each one that ends lets another one in
            assert client.response().body == b"x" * 5
            client.close()
        assert len(re.findall("no file descriptors left", server.log())) < 10


@pytest.fixture
def faults(tmp_path):
    return Faults(tmp_path)


def exchanges():
    """Requests of every road through the edge, as bytes."""
    close = ("Connection", "close")
    small = request_bytes("GET", "/size?bytes=10") * 20
    yield small + request_bytes("GET", "/size?bytes=3", close)
    yield request_bytes("GET", "/size?bytes=3000000", close)
    yield request_bytes("GET", "/pieces?bytes=70000&count=20", close)
    yield request_bytes("POST", "/", close, body=BODY)
    yield request_bytes("POST", "/", ("Transfer-Encoding", "chunked"), close,
                        body=chunked(BODY[:5000], BODY[5000:5001], BODY[5001:70000]))
    yield request_bytes("POST", "/unread", body=BODY[:100000]) + small
    yield request_bytes("OPTIONS", "*", close)
    yield b"BAD\r\n\r\n"


def answers(server, request):
    """All that the server answers, without what is different each time."""
    found = []
    with server.connect(timeout=60) as client:
        client.send(request)
        client.half_close()
        while client.readable(60) and (first := client.receive()):
            client.unread(first)
            response = client.response()
            fields = [field for field in response.fields if field[0].lower() != "date"]
            body = re.sub(rb'"REMOTE_PORT": "\d+"', b"", response.body)
            found.append((response.status, fields, response.framing, body))
    return found


@preloaded
@pytest.mark.parametrize("percent", [10, 60])
def test_row190_calls_that_do_less(faults, percent):
    """Row 190: interrupted and short calls change no byte of what clients get."""
    with Server("wsgi_echo:app", "--workers", "1", env=faults.environment) as server:
        expected = [answers(server, request) for request in exchanges()]
        assert all(expected)
        faults.interrupt(percent)
        for _ in range(20):
            for request, answer in zip(exchanges(), expected):
                assert answers(server, request) == answer, request[:100]
        faults.interrupt(0)
        assert faults.count > 200


def outcome(server):
    """What becomes of a connection with three requests: statuses, or 'cut'."""
    statuses = []
    try:
        with server.connect(timeout=20) as client:
            for request in (request_bytes("GET", "/size?bytes=200000", ("X-Long", "x" * 9000)),
                            request_bytes("POST", "/", body=BODY),
                            request_bytes("GET", "/size?bytes=5")):
                client.send(request)
                statuses.append(client.response().status)
    except (Truncated, ConnectionResetError):
        statuses.append("cut")
    return statuses


MANY = 100_000   # allocations: more than there are


def try_allocation(faults, number):
    """What happens in a new server when this allocation of its first clients fails, and how many
    allocations there were."""
    with Server("wsgi_echo:app", "--workers", "1", "--access-log", "json", probe=None,
                env=faults.environment) as server:
        server.wait_log("stop  ")   # the edge is told of its worker before the banner comes
        with server.connect() as probe:
            assert [probe.exchange("OPTIONS", "*").status for _ in range(2)] == [204, 204]
        edge = server.edge
        faults.fail_allocation(number)
        statuses = outcome(server)
        count = number - faults.allocations_left
        faults.fail_no_allocation()
        assert outcome(server) == [200, 200, 200], number
        assert server.edge == edge, f"it died of allocation {number}\n{server.log()}"
    return statuses, count


@preloaded
@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_row189_no_memory(faults):
    """Row 189: whichever allocation of the edge's first clients fails, it serves on.

    Later clients need hardly any, so each is tried in a server that has just started.
    """
    statuses, count = try_allocation(faults, MANY)
    assert statuses == [200, 200, 200] and count > 5
    dropped = 0
    for number in range(count):
        statuses, _ = try_allocation(faults, number)
        assert set(statuses) <= {200, 500, 502, 503, "cut"}, (number, statuses)
        dropped += statuses != [200, 200, 200]
    assert dropped > count / 4
