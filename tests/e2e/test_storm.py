"""Nothing is lost while workers are replaced under steady load, and nothing is left of it: row 186.

HEADRACE_STORM=N makes N reloads, and as many of the other actions, but of each no more than 100.
"""

import contextlib
import dataclasses
import functools
import itertools
import os
import pathlib
import signal

import pytest
from harness import wait
from harness.processes import Process, in_session
from harness.server import SANITIZED, Server
from harness.storm import Storm, leak, quick, slow, stream, upload

# Half of each behind WSGI, half behind ASGI.
RELOADS = int(os.environ.get("HEADRACE_STORM", "20")) // 2
OTHERS = min(RELOADS, 50)
UPGRADES = min(RELOADS, 10)
WARM_UP_COUNT = 3
WORKERS = 3
GROWTH_BYTES_MAX = 1 << 20
MIXED = {quick: 3, slow: 2, upload: 2, stream: 2}
# Each look costs the machine some milliseconds that the load is in need of.
eventually = functools.partial(wait.eventually, timeout=60.0, poll_seconds=0.05)


@dataclasses.dataclass
class Scene:
    """What an action acts on."""

    server: Server
    storm: Storm
    config: pathlib.Path   # the server's configuration file


def workers(server, **wanted):
    """Those of the status whose entries have these values."""
    return [worker for worker in server.status()["workers"]
            if all(worker[key] == value for key, value in wanted.items())]


def all_serve_without(server, pid):
    ready = [worker["pid"] for worker in workers(server, state="ready")]
    return pid not in ready and len(ready) == WORKERS


# Actions: each does one thing to a server under load, and returns when it is done. One that puts
# new processes in the place of supervisor and edge may be added like the others: what they hold is
# looked up by the process ids that the status tells.


def reload(scene, number):
    """By command and by signal in turn, with other settings for edge and workers each time."""
    server = scene.server
    scene.config.write_text(f"threads = {4 + number % 2}\nqueue_depth_max = {1000 + number}\n",
                            encoding="ascii")
    generation = server.status()["generation"] + 1
    if number % 2 == 0:
        ended = server.command("reload", timeout=60)
        assert ended.returncode == 0, ended.output
    else:
        server.supervisor.kill(signal.SIGHUP)
    eventually(lambda: len(workers(server, state="ready", generation=generation)) == WORKERS,
               what=f"generation {generation}")


def recycled(reason):
    """The load itself makes workers be replaced for this reason: waits for the next time."""
    def wait(scene, number):
        eventually(lambda: scene.server.log().count(reason) > number, what=reason)
    return wait


def forget_deaths(scene, number):
    """Who dies soon after its start again and again is held back; a reload forgets that."""
    if number % WORKERS == 0:
        reload(scene, 0)


def kill_idle(scene, number):
    """SIGKILL of a worker that has nothing, while nothing is on its way to it."""
    forget_deaths(scene, number)
    with scene.storm.pause():   # requests that run stay where they are, no other one begins
        victim = eventually(lambda: workers(scene.server, state="ready", in_flight=0),
                            what="an idle worker")[0]["pid"]
        os.kill(victim, signal.SIGKILL)
    eventually(lambda: all_serve_without(scene.server, victim), what="a new worker")


def kill_busy(scene, number):
    """SIGKILL of a worker amid its work; then each client is answered, so none is hit twice."""
    forget_deaths(scene, number)
    victim = eventually(lambda: [worker["pid"] for worker in workers(scene.server, state="ready")
                                 if worker["in_flight"]], what="a busy worker")[0]
    os.kill(victim, signal.SIGKILL)
    before = scene.storm.turns()
    eventually(lambda: all_serve_without(scene.server, victim), what="a new worker")
    eventually(lambda: all(now > then + 1 for now, then in zip(scene.storm.turns(), before)),
               what="an answer for each client")


def upgrade(scene, number):
    """Another process takes all over; the one before has ended, or keeps for all of them."""
    before = scene.server.status()["pid"]
    ended = scene.server.command("upgrade", timeout=60)
    assert ended.returncode == 0, ended.output
    assert scene.server.status()["pid"] != before
    eventually(lambda: len(in_session(scene.server.supervisor.pid)) == WORKERS + 3,
               what="the end of the former processes")


# What stays


def at_rest(server):
    """Supervisor and edge by name, once no client and no former worker is left."""
    status = eventually(lambda: status_at_rest(server), what="the end of clients and old workers")
    return {name: Process(status[name]["pid"]) for name in ("supervisor", "edge")}


def status_at_rest(server):
    status = server.status()
    states = [worker["state"] for worker in status["workers"]]
    is_alone = states == ["ready"] * WORKERS and status["edge"]["connections"] == 0
    return status if is_alone else None


def figures(processes):
    """What each of them holds."""
    found = {}
    for name, process in processes.items():
        found[f"descriptors of {name}"] = process.descriptor_count()
        found[f"threads of {name}"] = process.thread_count()
        found[f"bytes of {name}"] = process.private_bytes()
    return found


def growth(before, now):
    """What has grown: (name, before, now). A little more memory may be the allocator's."""
    allowed = {name: GROWTH_BYTES_MAX if "bytes" in name else 0 for name in before}
    return [(name, before[name], now[name]) for name in before
            if now[name] > before[name] + allowed[name] and not (SANITIZED and "bytes" in name)]


def weather(server, config, mix, action, numbers):
    """The action under load, time and again: nothing may fail."""
    with Storm(server, mix) as storm:
        for number in numbers:
            action(Scene(server, storm, config), number)
            assert not storm.failures(), storm.failures()
    assert not storm.failures(), storm.failures()
    assert storm.closed_while_idle == 0
    assert min(storm.turns()) > 0


def check(app, tmp_path, mix, action, count, *options):
    """Nothing is lost in `count` actions, and nothing has grown since the first few of them."""
    config = tmp_path / "storm.toml"
    config.touch()
    with Server(f"storm_site:{app}", "--workers", WORKERS, "--config", config, *options) as server:
        numbers = itertools.count()
        weather(server, config, mix, action, itertools.islice(numbers, WARM_UP_COUNT))
        before = figures(at_rest(server))
        weather(server, config, mix, action, itertools.islice(numbers, count))
        processes = at_rest(server)
        with contextlib.suppress(AssertionError):   # the last connection to them may linger
            eventually(lambda: not growth(before, figures(processes)), timeout=20)
        assert not growth(before, figures(processes))


def behind(**options):
    """Each test is run behind WSGI and ASGI, with other processes around them."""
    return pytest.mark.parametrize("app, options", list(options.items()), ids=list(options))


PRELOAD = ["--preload"]
TWO_THREADS = ["--edge-threads", 2]


@behind(wsgi=[], asgi=TWO_THREADS)
@pytest.mark.timeout(120 + 5 * RELOADS)
def test_row186_reloads(app, options, tmp_path):
    """Row 186: reloads with other settings lose no request, and leave nothing behind."""
    check(app, tmp_path, MIXED, reload, RELOADS, *options)


@behind(wsgi=PRELOAD, asgi=[])
@pytest.mark.timeout(120 + 5 * OTHERS)
def test_row186_recycling_by_requests(app, options, tmp_path):
    """Row 186: workers that are replaced after a number of requests lose none."""
    check(app, tmp_path, MIXED, recycled("is replaced: it has begun"), OTHERS,
          *options, "--max-requests", 100)


@behind(wsgi=TWO_THREADS, asgi=[])
@pytest.mark.timeout(120 + 5 * OTHERS)
def test_row186_recycling_by_memory(app, options, tmp_path):
    """Row 186: workers that are replaced for their memory lose no request."""
    check(app, tmp_path, MIXED | {leak: 2}, recycled("is replaced: it uses"), OTHERS,
          *options, "--memory-soft", "64MB")


@behind(wsgi=[], asgi=PRELOAD)
@pytest.mark.timeout(120 + 10 * OTHERS)
def test_row186_kills_of_idle_workers(app, options, tmp_path):
    """Row 186: the death of a worker that has nothing is noticed by no client."""
    check(app, tmp_path, MIXED, kill_idle, OTHERS, *options)


@behind(wsgi=[], asgi=TWO_THREADS)
@pytest.mark.timeout(120 + 10 * UPGRADES)
def test_row186_upgrades(app, options, tmp_path):
    """Row 186: a new program takes sockets and connections over, and no client notices."""
    check(app, tmp_path, MIXED, upgrade, UPGRADES, *options)


@behind(wsgi=TWO_THREADS, asgi=[])
@pytest.mark.timeout(120 + 10 * OTHERS)
def test_row177_kills_of_busy_workers(app, options, tmp_path):
    """Row 177: with retry_lost no GET fails whose worker dies before it answers."""
    check(app, tmp_path, {quick: 3, slow: 3}, kill_busy, OTHERS, *options,
          "--retry-lost")
