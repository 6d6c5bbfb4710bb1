"""All workers busy: the bounded queue, its 503 and 504, and revoked requests (row 94)."""

import pytest
from harness.server import Server
from harness.wait import eventually

# A worker of one thread may take a little ahead of what it runs.
PREFETCH_MAX = 8


def hold(server, tmp_path, count=1):
    clients = []
    for i in range(count):
        clients.append(server.connect(timeout=30))
        clients[-1].request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/started{i}")
        eventually((tmp_path / f"started{i}").exists, what="the held request")
    return clients


def waiting(server, count):
    """Clients whose request the edge has read, but which have no answer yet."""
    clients = [server.connect(timeout=30) for _ in range(count)]
    for client in clients:
        client.request("GET", "/pid")
    with server.connect() as probe:
        assert probe.exchange("OPTIONS", "*").status == 204
    return clients


def known_requests(server):
    """How many requests the server has, running or waiting."""
    status = server.status()
    return status["edge"]["queued"] + sum(worker["in_flight"] for worker in status["workers"])


def close(clients):
    for client in clients:
        client.close()


def test_row94_queue_full(tmp_path):
    """Row 94: past the queue's depth 503 with Retry-After at once; what is queued is served."""
    with Server("held:app", "--workers", "1", "--threads", "1", "--queue-depth-max", "3") as server:
        held = hold(server, tmp_path)
        clients = waiting(server, 30)
        refused = []
        eventually(lambda: refused.extend(c for c in clients if c not in refused
                                          and c.readable(0)) or len(refused) >= 27 - PREFETCH_MAX,
                   what="the refusals while the worker is busy")
        for client in refused:
            response = client.response()
            assert response.status == 503 and int(response.get("retry-after")) >= 1, response
        (tmp_path / "go").touch()
        queued = [client for client in clients if client not in refused]
        assert len(queued) >= 3
        # A refusal may still have been on its way.
        statuses = [client.response().status for client in held + queued]
        assert statuses[0] == 200 and statuses.count(200) >= 4
        assert set(statuses) <= {200, 503}
        close(held + clients)


def test_queue_deadline(tmp_path):
    """A request that waits longer than --queue-timeout is answered 504; later ones are served."""
    with Server("held:app", "--workers", "1", "--threads", "1", "--queue-timeout", "1s") as server:
        held = hold(server, tmp_path)
        clients = waiting(server, 10)
        statuses = [client.response().status for client in clients]
        assert statuses == [504] * 10, statuses
        (tmp_path / "go").touch()
        assert held[0].response().status == 200
        assert server.get("/pid").status == 200
        close(held + clients)


def test_abandoned_requests_are_not_run(tmp_path):
    """Requests whose client went away before a worker took them are never run."""
    with Server("held:app", "--workers", "1", "--threads", "1") as server:
        held = hold(server, tmp_path)
        gone = [server.connect() for _ in range(5)]
        for i, client in enumerate(gone):
            client.request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/gone{i}")
        eventually(lambda: known_requests(server) == 6, what="all requests at the server")
        for client in gone:
            client.reset()
        eventually(lambda: known_requests(server) == 1, what="the end of the abandoned requests")
        (tmp_path / "go").touch()
        assert held[0].response().status == 200
        assert server.get("/pid").status == 200
        assert not list(tmp_path.glob("gone*"))
        close(held)


def test_slow_requests_do_not_hold_fast_ones(tmp_path):
    """With one worker held, requests go to the other: none waits behind the held one."""
    with Server("held:app", "--workers", "2", "--threads", "1") as server:
        eventually(lambda: len({server.get("/pid").text for _ in range(4)}) == 2
                   or len(server.workers()) == 2, what="two workers")
        held = hold(server, tmp_path)
        for _ in range(30):
            assert server.get("/pid").status == 200
        (tmp_path / "go").touch()
        assert held[0].response().status == 200
        close(held)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_bound_what_runs(tmp_path, threads):
    """No more requests run at once than the worker has threads."""
    with Server("held:app", "--workers", "1", "--threads", threads) as server:
        held = hold(server, tmp_path, threads)
        late = server.connect(timeout=30)
        late.request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/late")
        with server.connect() as probe:
            assert probe.exchange("OPTIONS", "*").status == 204
        assert not (tmp_path / "late").exists()
        (tmp_path / "go").touch()
        assert [client.response().status for client in held + [late]] == [200] * (threads + 1)
        assert (tmp_path / "late").exists()
        close(held + [late])
