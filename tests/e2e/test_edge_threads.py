"""Several event loops in the edge: each with its own channel to each worker."""

import signal
import time

import pytest
from harness.load import Load
from harness.server import START_TIMEOUT, Server
from harness.wait import eventually

OPTIONS = ("--edge-threads", "2", "--workers", "2")


@pytest.fixture(params=["wsgi", "asgi"])
def server(request):
    with Server(f"{request.param}_pages:app", *OPTIONS) as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")
        yield server


def test_load(server):
    """Requests of many clients are all answered, by both workers."""
    with Load(server, "/process_id", client_count=16) as load:
        pids = {str(worker.pid).encode() for worker in server.workers()}
        eventually(lambda: set(load.ok_since(0)) == pids, START_TIMEOUT, "answers of both")
        eventually(lambda: load.counts[200] > 3000, 30, "some load")
    assert not load.failures()


def test_worker_dies_under_load(server):
    """The death of a worker is seen by every loop; its successor serves all of them."""
    with Load(server, "/process_id", client_count=8) as load:
        eventually(lambda: load.counts[200] > 500, 30, "some load")
        old = {str(worker.pid).encode() for worker in server.workers()}
        server.workers()[0].kill()
        killed = time.monotonic()
        eventually(lambda: set(load.ok_since(killed)) - old, START_TIMEOUT, "a new worker")
    assert set(load.failures()) <= {502}, load.failures()


def test_stop_under_load(server):
    """A stop under load answers what it has taken on: connections end, none with an error."""
    with Load(server, "/process_id", client_count=8) as load:
        eventually(lambda: load.counts[200] > 500, 30, "some load")
        server.supervisor.kill(signal.SIGTERM)
        assert server.wait() == 0
    assert set(load.failures()) <= {"cut", "refused"}, load.failures()
