"""SIGHUP, `headrace reload` and --reload: new code and settings without a failed request."""

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.load import Load
from harness.server import Server
from harness.wait import eventually
from harness.wire import Truncated

SOURCE = """
import helper
def app(environ, start_response):
    start_response("200 OK", [])
    return [("{text} " + helper.text).encode()]
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "web.py").write_text(SOURCE.format(text="one"))
    (tmp_path / "helper.py").write_text("text = 'first'\n")
    return tmp_path


def test_source_changes(source):
    """A changed file of the application is served soon, without a failed request."""
    with Server("web:app", "--workers", "1", "--reload", cwd=source) as server:
        assert server.get().text == "one first"
        (source / "web.py").write_text(SOURCE.format(text="two"))
        answers = []
        eventually(lambda: answers.append(server.get()) or answers[-1].text == "two first", 20,
                   "the new source")
        assert {answer.status for answer in answers} == {200}
        (source / "helper.py").write_text("text = 'second'\n")
        eventually(lambda: server.get().text == "two second", 20, "the new module")


def test_broken_source(source):
    """A change that does not import is reported; the next good one is served."""
    with Server("web:app", "--workers", "1", "--reload", cwd=source) as server:
        (source / "web.py").write_text("this is no Python\n")
        server.wait_log("SyntaxError", 20)
        assert server.exit_code is None
        (source / "web.py").write_text(SOURCE.format(text="mended"))
        eventually(lambda: server.get().text == "mended first", 30, "the mended source")


def test_without_reload(source):
    """Without --reload a changed file changes nothing."""
    with Server("web:app", "--workers", "1", cwd=source) as server:
        pid = server.worker.pid
        (source / "web.py").write_text(SOURCE.format(text="two"))
        assert [server.get().text for _ in range(5)] == ["one first"] * 5
        assert server.worker.pid == pid


# headrace reload, SIGHUP


def ready_pids(server):
    return {w["pid"] for w in server.status()["workers"] if w["state"] == "ready"}


RAISES = "raise RuntimeError('no shop today')\n"
HANGS = "import time\ntime.sleep(600)\n"
# Whatever lifespan does, http is served: only a reload that ignores the failure would show it.
STARTUP_FAILS = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        return await send({"type": "lifespan.startup.failed", "message": "no database"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"unstarted"})
"""


def reload(server):
    """What `headrace reload` printed, when it has worked."""
    ended = server.command("reload")
    assert ended.returncode == 0, (ended.output, server.log())
    return ended.stdout


def failed_reload(server):
    ended = server.command("reload")
    assert ended.returncode == 1, (ended.output, server.log())
    assert not ended.stdout
    return ended.stderr


@pytest.mark.parametrize("options", [["--workers", "3"], ["--workers", "2", "--preload"]])
def test_new_code_under_load(source, options):
    """Reloads in a row: each is served after the command, and no request fails meanwhile."""
    with Server("web:app", *options, cwd=source) as server:
        with Load(server, "/", 4) as load:
            for number in range(5):
                (source / "helper.py").write_text(f"text = 'number {number}'\n")
                assert f"generation {number + 2} serves with" in reload(server)
                assert server.get().text == f"one number {number}"
                assert [server.get().text for _ in range(5)] == [f"one number {number}"] * 5
        assert not load.failures()
        assert {body for _, _, body in load.answers} >= {b"one first", b"one number 1"}


def test_signal(source):
    """SIGHUP does the same; the log says how it has ended."""
    with Server("web:app", "--workers", "2", cwd=source) as server:
        (source / "helper.py").write_text("text = 'second'\n")
        server.supervisor.kill(signal.SIGHUP)
        server.wait_log("info: reloaded: generation 2 serves with 2 workers$")
        assert server.get().text == "one second"
        (source / "web.py").write_text(RAISES)
        server.supervisor.kill(signal.SIGHUP)
        server.wait_log("error: the reload has failed: the application cannot be imported")
        assert server.get().text == "one second"


# BAD_INPUTS row 187, and "Must show" 3 of issue 3


@pytest.mark.parametrize("code, options, message", [
    (RAISES, [], "RuntimeError: no shop today"),
    (HANGS, ["--start-timeout", "3s"], "it was not ready within start_timeout = 3s"),
    (STARTUP_FAILS, [], "no database"),
], ids=["raises", "hangs", "startup-fails"])
@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["alone", "preload"])
def test_row187_new_version_fails(source, code, options, message, preload):
    """Row 187: a new version that cannot start takes no traffic; the command says why."""
    with Server("web:app", "--workers", "2", *options, *preload, cwd=source) as server:
        eventually(lambda: len(ready_pids(server)) == 2, what="two workers")
        pids = ready_pids(server)
        (source / "web.py").write_text(code)
        with Load(server, "/", 2) as load:
            assert message in failed_reload(server)
        assert not load.failures() and {body for _, _, body in load.answers} == {b"one first"}
        assert server.status()["generation"] == 1
        assert ready_pids(server) == pids
        (source / "web.py").write_text(SOURCE.format(text="mended"))
        reload(server)
        assert server.get().text == "mended first"


def write_settings(folder, text):
    (folder / "headrace.toml").write_text('app = "web:app"\n' + text)


def test_row187_wrong_configuration(source):
    """Row 187: file and line of the mistake, exit code 1, and nothing has changed."""
    write_settings(source, 'workers = "1"\n')
    with Server(None, cwd=source) as server:
        before = server.status()
        for text, place, word in [("workers = 0\n", "headrace.toml:2", "workers"),
                                  ("\nworkres = 1\n", "headrace.toml:3", "workres"),
                                  ("[\n", "headrace.toml:2", "key"),
                                  ('chdir = "nowhere"\n', "headrace.toml:2", "nowhere")]:
            write_settings(source, text)
            message = failed_reload(server)
            assert place in message and word in message and "nothing has changed" in message
        after = server.status()
        assert after["generation"] == before["generation"]
        assert [w["pid"] for w in after["workers"]] == [w["pid"] for w in before["workers"]]
        assert server.get().text == "one first"
        answer = server.command("reload", "--json")
        assert answer.returncode == 1 and json.loads(answer.stdout)["ok"] is False


def test_settings_that_changed(source):
    """What may change while it serves has changed: for workers, edge and supervisor."""
    write_settings(source, 'workers = "1"\ntarget_size_max = "4KB"\n')
    with Server(None, cwd=source) as server:
        assert server.get("/" + "x" * 2000).status == 200
        with server.connect() as kept:
            assert kept.exchange().status == 200
            write_settings(source, 'workers = "3"\ntarget_size_max = "1KB"\nlog_level = "debug"\n'
                                   'root_path = "/shop"\n')
            assert reload(server) == "generation 2 serves with 3 workers\n"
            answer = kept.exchange("GET", "/" + "x" * 2000)
            assert answer.status == 414, "also on a connection from before"
        assert len([w for w in server.status()["workers"] if w["state"] == "ready"]) == 3
        assert "root_path" in worker_settings(server)
        server.wait_log(r"debug: worker \d+ \(pid \d+\) is ready")
        write_settings(source, 'workers = "1"\ntarget_size_max = "4KB"\n')
        reload(server)
        assert server.get("/" + "x" * 2000).status == 200
        eventually(lambda: len(server.workers()) == 1, what="one worker")


def test_time_limits_that_changed(tmp_path):
    """The edge ends requests by the limits of now."""
    settings = tmp_path / "headrace.toml"
    settings.write_text("workers = 1\n")
    with Server("held:app", "--config", settings, probe="/pid") as server:
        assert server.get("/busy?seconds=1").status == 200
        settings.write_text("workers = 1\nrequest_timeout = '300ms'\n")
        reload(server)
        assert server.get("/busy?seconds=1").status == 504


def worker_settings(server):
    """The argument that a worker was started with."""
    return server.workers()[0].command_line()


def test_settings_that_need_a_restart(source):
    """They are named, stay as they were, and do not keep the others from changing."""
    write_settings(source, 'workers = "1"\nbacklog = 100\n')
    with Server(None, cwd=source) as server:
        write_settings(source, 'workers = "2"\nbacklog = 200\nedge_threads = 2\n')
        assert reload(server) == ("generation 2 serves with 2 workers;"
                                  " these need a restart: edge_threads, backlog\n")
        assert server.status()["edge"]["threads"] == 1
        server.supervisor.kill(signal.SIGHUP)
        server.wait_log("reloaded: generation 3 .* these need a restart: edge_threads, backlog")


def test_bounds_that_are_taken_away(source):
    """Workers whose memory is bounded no more are not held back while the new ones start."""
    write_settings(source, 'workers = "1"\nmemory_hard = "400MB"\n')
    with Server(None, cwd=source) as server:
        write_settings(source, 'workers = "1"\n')
        (source / "web.py").write_text(HANGS)
        server.supervisor.kill(signal.SIGHUP)
        eventually(lambda: len(server.workers()) == 2, what="a worker that hangs")
        with Load(server, "/", 2) as load:
            eventually(lambda: load.counts[200] >= 2000, 30, "answers")
        assert not load.failures()


def test_second_reload(source):
    """A reload that hangs is given up for the next one, and both commands say so."""
    with Server("web:app", "--workers", "2", cwd=source) as server:
        (source / "web.py").write_text(HANGS)
        messages = []
        first = threading.Thread(target=lambda: messages.append(failed_reload(server)))
        first.start()
        eventually(lambda: server.status()["generation"] == 2, what="the first reload")
        hanging = [w["pid"] for w in server.status()["workers"] if w["generation"] == 2]
        (source / "web.py").write_text(SOURCE.format(text="two"))
        assert "generation 3 serves with 2 workers" in reload(server)
        first.join(10)
        assert "another reload has begun" in messages[0]
        assert server.get().text == "two first"
        assert len(hanging) == 1
        eventually(lambda: not os.path.exists(f"/proc/{hanging[0]}"), what="its end")


def test_stop_during_reload(source):
    """A stop does not wait for a worker that hangs in its import; the command is answered."""
    with Server("web:app", "--workers", "1", cwd=source) as server:
        (source / "web.py").write_text(HANGS)
        messages = []
        waiting = threading.Thread(target=lambda: messages.append(failed_reload(server)))
        waiting.start()
        eventually(lambda: len(server.workers()) == 2, what="a worker that hangs")
        server.stop()
        waiting.join(10)
        assert "the server stops" in messages[0]


def test_streams_get_notice(tmp_path):
    """A stream of the old generation gets http.disconnect before stop_timeout, and can end in
    order; one that does not listen is cut then, and never looks complete."""
    with Server("stuck:asgi", "--workers", "1", "--stop-timeout", "2s", probe="/cleaned") as server:
        with server.connect() as polite, server.connect() as deaf:
            polite.request("GET", f"/stream?started={tmp_path}/polite")
            deaf.request("GET", f"/deaf?started={tmp_path}/deaf")
            for name in ("polite", "deaf"):
                eventually(lambda name=name: os.path.exists(tmp_path / name), what=name)
            reload(server)
            assert polite.response().text == "begin end"
            assert "its requests did not end in time" not in server.log(), "that was before"
            with pytest.raises(Truncated):
                deaf.response()
        server.wait_log("its requests did not end in time")


def test_development_reload_is_a_reload(source):
    """--reload moves to a new generation as `headrace reload` does, and streams are not cut."""
    with Server("web:app", "--workers", "2", "--reload", cwd=source) as server:
        with Load(server, "/", 2) as load:
            (source / "helper.py").write_text("text = 'second'\n")
            eventually(lambda: server.get().text == "one second", 20, "the new code")
            eventually(lambda: server.status()["generation"] == 2, what="generation 2")
        assert not load.failures()


HELD = """
import os, time
while os.path.exists("hold"):
    time.sleep(0.01)
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"here"]
"""


def test_failed_reload_amid_a_replacement(tmp_path):
    """A worker that is to be replaced is, also when a reload comes between and fails."""
    (tmp_path / "web.py").write_text(HELD)
    config = tmp_path / "settings.toml"
    config.write_text('app = "web:app"\n')
    with Server(None, "--config", config, "--workers", "3", cwd=tmp_path) as server, \
            ThreadPoolExecutor() as background:
        workers = eventually(lambda: ready_workers(server, 3), what="three workers")
        (tmp_path / "hold").touch()
        restart = background.submit(server.command, "workers", "restart", workers[-1])
        eventually(lambda: len(server.workers()) == 4, what="the worker that is to come")
        config.write_text('app = "missing:app"\n')
        assert server.command("reload").returncode != 0
        (tmp_path / "hold").unlink()
        assert restart.result().returncode == 0
        assert workers[-1] not in eventually(lambda: ready_workers(server, 3))


def ready_workers(server, count):
    """The ids of all workers, once so many are ready; else None."""
    workers = server.status()["workers"]
    states = [worker["state"] for worker in workers]
    return [worker["id"] for worker in workers] if states == ["ready"] * count else None
