"""Workers are replaced for their requests, age and memory, and no client notices."""

import os
import re

import pytest
from harness.load import Load
from harness.memory_watch import MemoryWatch
from harness.server import SANITIZED, Server
from harness.wait import eventually, holds_for

MEGABYTE = 1024 * 1024
LEAK_REQUESTS = int(os.environ.get("HEADRACE_LEAK_REQUESTS", "1500"))
no_memory_figures = pytest.mark.skipif(SANITIZED, reason="a sanitizer needs memory of its own")


def replaced(server):
    """The reasons why workers were replaced, in order."""
    return re.findall(r"worker \d+ \(pid \d+\) is replaced: (.*)", server.log())


def load_until(server, condition, target="/pid", clients=4):
    """Keep-alive clients ask until `condition` holds; each of their requests must succeed."""
    with Load(server, target, clients) as load:
        eventually(condition, 40, f"the end of the load; log:\n{server.log()}")
    assert not load.failures(), (load.failures(), server.log())
    assert load.counts[200] > 0
    return load


@pytest.mark.parametrize("preload", [[], ["--preload"]])
def test_max_requests(preload):
    """After max_requests, less the jitter, a worker is replaced, again and again."""
    with Server("held:app", "--workers", "2", "--max-requests", "200", "--recycle-jitter", "50",
                *preload, probe="/pid") as server:
        load = load_until(server, lambda: len(replaced(server)) >= 6)
        begun = [int(re.fullmatch(r"it has begun (\d+) requests", why)[1])
                 for why in replaced(server)]
        assert min(begun) >= 100, "half of it is the least"
        assert len(set(begun)) > 1, "they do not go together"
        assert len({body for _, _, body in load.answers}) >= 5, "processes that have answered"


def test_max_age():
    """A worker that has served for max_age is replaced, with clients or without."""
    with Server("held:app", "--workers", "2", "--max-age", "1s", "--recycle-jitter", "0",
                probe="/pid") as server:
        load_until(server, lambda: len(replaced(server)) >= 2)
        # One at a time: the second may have to wait for the first.
        assert all(re.fullmatch(r"it is \d+s old", why) for why in replaced(server)), server.log()
        eventually(lambda: len(replaced(server)) >= 4, what="replacements without clients")


@no_memory_figures
def test_row182_memory_soft():
    """Row 182: a worker that has grown past memory_soft is replaced when its requests are done."""
    with Server("leaky:app", "--workers", "2", "--memory-soft", "80MB", probe="/pid") as server:
        load_until(server, lambda: len(replaced(server)) >= 4, "/")
        for why in replaced(server):
            assert re.fullmatch(r"it uses \d+MB of memory \(memory_soft = 80MB\)", why)
        assert " error: " not in server.log(), "nobody was killed"


@no_memory_figures
def test_row182_memory_hard_is_not_reached():
    """Row 182: a worker that leaks steadily is replaced before memory_hard, with no loss."""
    with Server("leaky:app", "--workers", "1", "--memory-hard", "100MB", probe="/pid") as server:
        load_until(server, lambda: len(replaced(server)) >= 3, "/")
        assert " error: " not in server.log(), "nobody was killed"


@no_memory_figures
def test_row182_memory_hard():
    """Row 182: one request that takes more than memory_hard costs its worker the life; the log and
    the status say why, and the next request is served."""
    with Server("leaky:app", "--workers", "1", "--memory-hard", "100MB", probe="/pid") as server:
        assert server.get(f"/?bytes={150 * MEGABYTE}").status in (200, 502)
        server.wait_log(r"worker 1 \(pid \d+\) was killed: it uses 1\d\dMB of memory"
                        r" \(memory_hard = 100MB\)")
        eventually(lambda: server.get("/pid").status == 200, what="another worker")
        new = eventually(lambda: [w for w in server.status()["workers"] if w["id"] == 2],
                         what="its successor")[0]
        # Memory that was seen while it grew may have had the worker replaced before.
        assert re.search("memory_hard = 100MB|no room for another request", new["last_exit"])


@no_memory_figures
def test_bound_that_is_too_small():
    """A bound that every new worker passes is told once; workers are not replaced without end."""
    with Server("leaky:app", "--workers", "1", "--memory-soft", "1MB", probe="/pid") as server:
        server.wait_log(r"warning: memory_soft = 1MB is too little: a worker uses \d+MB when it")
        pid = server.worker.pid
        holds_for(lambda: server.worker.pid == pid, 1.5, "the worker")


@no_memory_figures
def test_total_that_is_too_small():
    """With a memory_total that not even new workers keep, the server says so and serves."""
    with Server("held:app", "--workers", "2", "--memory-total", "20MB", probe="/pid") as server:
        server.wait_log("warning: memory_total = 20MB is too little for 2 workers")
        with Load(server, "/pid", 4) as load:
            eventually(lambda: load.counts[200] > 500, 20, "answers")
        assert not load.failures()
        assert server.log().count("is too little") == 1


@no_memory_figures
@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("options", [["--workers", "2"], ["--workers", "1", "--preload"]],
                         ids=["two", "preload"])
def test_row182_leak_within_memory_total(options):
    """Row 182: an application that leaks 1 MB a request serves them all within memory_total =
    400MB, the supervisor, the edge and the workers that come and go included."""
    with Server("leaky:app", *options, "--memory-total", "400MB", probe="/pid") as server:
        with MemoryWatch(server) as memory, Load(server, "/", 8) as load:
            eventually(lambda: load.counts.total() >= LEAK_REQUESTS or load.failures(), 800,
                       "the load")
        assert not load.failures(), load.failures()
        assert memory.count > 20
        assert memory.peak_bytes <= 400 * MEGABYTE, (memory.peak_bytes / MEGABYTE, memory.peak)
        assert len(replaced(server)) >= LEAK_REQUESTS // 400
        assert all("memory_total = 400MB" in why or "no room" in why for why in replaced(server))
