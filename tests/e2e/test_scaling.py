"""workers = "LOW..HIGH": more when requests wait, fewer when it is quiet."""

import contextlib

from harness.server import Server, headrace
from harness.wait import eventually, holds_for

OPTIONS = ["--workers", "1..3", "--threads", "1", "--scale-down-after", "1s"]


def ready_count(server):
    return sum(worker["state"] == "ready" for worker in server.status()["workers"])


@contextlib.contextmanager
def held_requests(server, tmp_path, count):
    """So many requests that each keep a thread; they end with the block, all with 200."""
    clients = [server.connect() for _ in range(count)]
    try:
        for client in clients:
            client.request("GET", f"/held?file={tmp_path}/go")
        yield
        (tmp_path / "go").touch()
        assert [client.response().status for client in clients] == [200] * count
    finally:
        for client in clients:
            client.close()


def test_grows_and_shrinks(tmp_path):
    """Workers are added one by one while requests wait, up to the most, and leave when it is
    quiet, down to the least; log and status say when and why."""
    with Server("held:app", *OPTIONS, probe="/pid") as server:
        assert server.status()["workers_wanted"] == 1
        with held_requests(server, tmp_path, 12):
            eventually(lambda: ready_count(server) == 3, 20, "three workers")
            assert server.status()["workers_wanted"] == 3
        eventually(lambda: len(server.workers()) == 1, 20, "one worker")
        status = server.status()
        assert status["workers_wanted"] == 1 and ready_count(server) == 1
        reasons = [event["text"] for event in status["events"]]
        assert [text.split(": requests waited")[0] for text in reasons[:2]] == [
            "workers: 2 instead of 1", "workers: 3 instead of 2"], reasons
        assert reasons[2:] == ["workers: 2 instead of 3: 2 would have been enough for 1s",
                               "workers: 1 instead of 2: 1 would have been enough for 1s"]
        for text in reasons:
            server.wait_log(f"info: {text}$")
        assert "up to 3" in status["workers_reason"]


def test_nothing_waits(tmp_path):
    """Requests that find room are no reason for another worker, however many there are."""
    with Server("held:app", "--workers", "1..3", "--threads", "4", "--scale-down-after", "1s",
                probe="/pid") as server:
        with held_requests(server, tmp_path, 3):
            for _ in range(200):
                assert server.get("/pid").status == 200
            assert server.status()["workers_wanted"] == 1


def test_asked_for(tmp_path):
    """`headrace workers add` raises the least and the most: the added ones stay."""
    with Server("held:app", *OPTIONS, probe="/pid") as server:
        ended = server.command("workers", "add")
        assert ended.returncode == 0, ended.output
        with held_requests(server, tmp_path, 12):
            eventually(lambda: ready_count(server) == 4, 20, "four workers")
        eventually(lambda: len(server.workers()) == 2, 20, "two workers")


def test_memory_budget(tmp_path):
    """No worker is added for which memory_total has no room, however long requests wait."""
    with Server("held:app", *OPTIONS, "--memory-total", "100MB", probe="/pid") as server:
        with held_requests(server, tmp_path, 12):
            eventually(lambda: server.status()["edge"]["queued"] >= 4, 10, "requests that wait")
            holds_for(lambda: server.status()["workers_wanted"] == 1, 1.5, "one worker")


def test_wrong_range():
    """A range that ends before it begins is refused, with its name."""
    ended = headrace("check", "held:app", "--workers", "3..1")
    assert ended.returncode == 3 and "workers" in ended.output
