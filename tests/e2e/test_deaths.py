"""kill -9 of each process: rows 177, 178, 183-185."""

import signal
import threading
import time

import pytest
from harness.held import hold
from harness.load import Load
from harness.processes import in_session
from harness.server import SANITIZED, START_TIMEOUT, Server
from harness.wait import eventually
from harness.wire import Connection, Truncated

THREADS = 4


@pytest.fixture
def server():
    with Server("held:app", "--workers", "2", "--threads", THREADS) as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")
        yield server


def test_row177_worker_under_load(server):
    """Row 177: only requests that the killed worker had taken get 502; a new one serves soon."""
    with Load(server, "/busy?seconds=0.002", client_count=8) as load:
        eventually(lambda: load.counts[200] > 200, 30, "some load")
        workers = server.workers()
        old = {str(worker.pid).encode() for worker in workers}
        workers[0].kill()
        killed = time.monotonic()
        eventually(lambda: set(load.ok_since(killed)) - old, START_TIMEOUT, "a new worker")
        assert len(server.workers()) == 2
    assert set(load.failures()) <= {502}, load.failures()
    assert load.counts[502] <= THREADS


def test_row177_queued_requests_move(server, tmp_path):
    """Row 177: requests that wait behind a killed worker's running ones are served by another."""
    held = [hold(server, "held", tmp_path, f"h{i}")[0] for i in range(2 * THREADS)]
    waiting = [server.connect(timeout=30) for _ in range(20)]
    for client in waiting:
        client.request("GET", "/pid")
    server.workers()[0].kill()
    for i in range(2 * THREADS):
        (tmp_path / f"h{i}").touch()
    statuses = [client.response().status for client in held]
    assert sorted(statuses) == [200] * THREADS + [502] * THREADS
    assert [client.response().status for client in waiting] == [200] * 20
    for client in held + waiting:
        client.close()


def test_row178_worker_dies_inside_a_response(server, tmp_path):
    """Row 178: a response that a killed worker had begun never ends as if it was complete."""
    client, _ = hold(server, "streamed", tmp_path, "s")
    response = client.head()
    pieces = client.pieces(response)
    assert next(pieces) == b"first "
    for worker in server.workers():
        worker.kill()
    with pytest.raises(Truncated):
        next(pieces)
    client.close()
    assert server.get("/pid").status == 200


def test_all_workers_die(server):
    """Requests wait while there is no worker at all, and are served by the new ones."""
    old = server.workers()
    for worker in old:
        worker.kill()
    assert [server.get("/pid").status for _ in range(5)] == [200] * 5
    eventually(lambda: len(server.workers()) == 2 and not set(server.workers()) & set(old),
               START_TIMEOUT, "two new workers")


def test_row185_edge_dies(server):
    """Row 185: after kill -9 of the edge connections wait, none is refused, and all is served."""
    with Load(server, "/pid", client_count=4) as load:
        eventually(lambda: load.counts[200] > 50, 30, "some load")
        old = server.edge
        old.kill()
        killed = time.monotonic()
        with server.connect(timeout=30) as client:   # not refused, and answered
            assert client.exchange("GET", "/pid").status == 200
        eventually(lambda: len(load.ok_since(killed)) > 50, START_TIMEOUT, "load on the new edge")
    assert set(load.failures()) <= {"cut"}, load.failures()
    assert load.counts["cut"] <= 8
    assert server.edge != old
    eventually(lambda: len(server.workers()) == 2, what="two workers")
    assert len(in_session(server.supervisor.pid)) == 4   # and no process of the old set


def test_edge_dies_again_and_again(server):
    """Three deaths of the edge in a row: it comes back each time."""
    for _ in range(3):
        old = server.edge
        old.kill()
        eventually(lambda: [edge for edge in server.edges() if edge != old], what="a new edge")
        assert server.get("/pid").status == 200


def test_row184_supervisor_dies():
    """Row 184: after kill -9 of the supervisor nothing runs or listens a second later."""
    with Server("held:app", "--workers", "2") as server:
        assert server.get("/pid").status == 200
        server.supervisor.kill()
        killed = time.monotonic()
        server.wait()
        server.expect_nothing_left(timeout=1.0)
        with pytest.raises(ConnectionRefusedError):
            Connection(server.address)
        assert time.monotonic() - killed < 2


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGABRT,
    pytest.param(signal.SIGSEGV, marks=pytest.mark.skipif(SANITIZED, reason="it is reported")),
])
def test_worker_ends_otherwise(server, number):
    """A worker that ends by another signal is replaced as well."""
    server.expected_accident = "Fatal Python error: (Aborted|Segmentation fault)"
    victim = server.workers()[0]
    victim.kill(number)
    eventually(lambda: victim not in server.workers() and len(server.workers()) == 2,
               START_TIMEOUT, "a new worker")
    assert server.get("/pid").status == 200


def test_stopped_worker_keeps_no_request(server):
    """A worker that hangs (SIGSTOP) does not hold what it has not taken: the other one serves."""
    victim = server.workers()[0]
    victim.kill(signal.SIGSTOP)
    try:
        eventually(victim.is_stopped, what="SIGSTOP to take effect")
        answers = []

        def ask():
            answers.append(server.get("/pid").text)
        clients = [threading.Thread(target=ask, daemon=True) for _ in range(20)]
        for client in clients:
            client.start()
        eventually(lambda: len(answers) >= 20 - THREADS - 1, what="answers of the other worker")
        assert str(victim.pid) not in answers
    finally:
        victim.kill(signal.SIGCONT)
    eventually(lambda: len(answers) == 20, what="all answers")
