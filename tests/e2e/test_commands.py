"""headrace status, top, reload, stop, workers, stacks and log-level, as a user runs them."""

import json
import os
import signal
import stat
import subprocess

import pytest
from harness.server import APPS, BINARY, Server, environment, headrace
from harness.wait import eventually

COMMANDS = [["status"], ["top"], ["reload"], ["stop"], ["workers", "add"], ["workers", "remove"],
            ["workers", "restart"], ["stacks"], ["log-level", "debug"]]


@pytest.fixture
def server():
    with Server("held:app", "--workers", "2", probe="/pid") as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")
        eventually(lambda: [w["state"] for w in server.status()["workers"]] == ["ready"] * 2,
                   what="both ready")
        yield server


def worker_ids(server):
    return sorted(worker["id"] for worker in server.status()["workers"]
                  if worker["state"] == "ready")


def done(ended):
    """Its output, when it has ended well."""
    assert ended.returncode == 0, ended.output
    return ended.stdout


def refused(ended):
    """Its one sentence on standard error, when it could not do it."""
    assert ended.returncode == 1 and not ended.stdout, ended.output
    assert ended.stderr.startswith("headrace: ") and ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.removeprefix("headrace: ").strip()


# Whom it reaches


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_server(words, tmp_path):
    """Where no server is, each command says so in one sentence and ends with code 1."""
    message = refused(headrace(*words, "--control", tmp_path / "none", cwd=tmp_path))
    assert str(tmp_path / "none") in message


def test_stale_socket(server, tmp_path):
    """The socket of a server that was killed counts as no server."""
    server.supervisor.kill()
    server.wait()
    assert os.path.exists(server.control)
    assert "no server answers at" in refused(server.command("status"))


def test_two_servers(tmp_path):
    """The server that was started from the same directory is found by itself; two of them are
    listed, so that one can be named."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "web.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'.']\n")
    env = {"HEADRACE_CONTROL": "", "XDG_RUNTIME_DIR": str(tmp_path)}   # root has it in /run
    with Server("web:app", "--workers", "1", cwd=site, env=env) as first:
        status = json.loads(done(headrace("status", "--json", cwd=site, env=env)))
        assert status["pid"] == first.supervisor.pid
        with Server("web:app", "--workers", "1", cwd=site, env=env) as second:
            ended = headrace("status", cwd=site, env=env)
            assert ended.returncode == 1
            assert "2 servers run from this directory" in ended.stderr
            named = {line.split()[1]: f"pid {first.supervisor.pid} " in line.replace(",", " ")
                     for line in ended.stderr.splitlines() if "--control" in line}
            assert sorted(named.values()) == [False, True], ended.stderr
            for path, is_first in named.items():
                answer = json.loads(done(headrace("status", "--json", "--control", path)))
                assert answer["pid"] == (first if is_first else second).supervisor.pid
        assert json.loads(done(headrace("status", "--json", cwd=site, env=env)))["pid"] == \
            first.supervisor.pid


def test_socket_is_for_its_owner_only(server):
    """The socket has mode 0600, and it is gone after the end."""
    mode = os.stat(server.control).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    server.stop()
    assert not os.path.exists(server.control)


def test_no_socket():
    """--control none: the server takes no commands, and serves."""
    with Server("held:app", "--workers", "1", "--control", "none", probe="/pid") as server:
        assert not os.path.exists(server.control)
        assert server.get("/pid").status == 200


# What it shows


def test_status(server, tmp_path):
    """The table and the JSON agree with the processes that there are and what they have done."""
    counted = server.status()
    with server.connect() as client:
        client.request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/started")
        eventually(lambda: os.path.exists(tmp_path / "started"), what="the request")
        status = eventually(
            lambda: sum(w["in_flight"] for w in server.status()["workers"]) == 1
            and server.status(), what="one request in flight")
        (tmp_path / "go").touch()
        client.response()
    assert status["phase"] == "serving" and status["generation"] == 1
    assert status["pid"] == status["supervisor"]["pid"] == server.supervisor.pid
    assert status["application"] == "held:app" and status["directory"] == str(APPS)
    assert status["workers_wanted"] == 2 and "--workers" in status["workers_reason"]
    assert status["edge"]["pid"] == server.edge.pid and status["edge"]["connections"] == 1
    assert status["edge"]["requests"] > counted["edge"]["requests"]
    assert {w["pid"] for w in status["workers"]} == {w.pid for w in server.workers()}
    for process in (status["supervisor"], status["edge"], *status["workers"]):
        assert process["memory_bytes"] > 100_000 and process["cpu_seconds"] >= 0
    text = done(server.command("status"))
    assert "held:app" in text and "\x1b" not in text, "no colours for a file"
    for process in (server.supervisor, server.edge, *server.workers()):
        assert f" {process.pid} " in text, text


def test_status_tells_of_ends(server):
    """How the worker before ended is in the table, and what happened lately below it."""
    victim = server.workers()[0]
    victim.kill()
    eventually(lambda: worker_ids(server) == [2, 3] or worker_ids(server) == [1, 3],
               what="another worker")
    new = next(worker for worker in server.status()["workers"] if worker["id"] == 3)
    assert "SIGKILL" in new["last_exit"]
    assert f"(pid {victim.pid}) was killed by SIGKILL" in server.status()["events"][-1]["text"]
    assert f"(pid {victim.pid}) was killed by SIGKILL" in done(server.command("status"))


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_top(server, options):
    """Without a terminal it prints a status each second until it is interrupted; then it is 0."""
    with subprocess.Popen([BINARY, "top", *options, "--control", server.control], cwd=APPS,
                          env=environment(), stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as top:
        lines = [top.stdout.readline()]
        while sum('"version"' in line or line.startswith("Headrace") for line in lines) < 2:
            lines.append(top.stdout.readline())
            assert lines[-1], "it has ended by itself"
        top.send_signal(signal.SIGINT)
        top.communicate(timeout=10)
        assert top.returncode == 0


def test_stacks(server, tmp_path):
    """Where each thread is, with the request that it is at; of one worker, or of all."""
    with server.connect() as client:
        client.request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/started")
        eventually(lambda: os.path.exists(tmp_path / "started"), what="the request")
        text = done(server.command("stacks"))
        assert "worker 1 " in text and "worker 2 " in text
        assert "held.py" in text and "in hold" in text and "GET /held" in text
        answer = json.loads(done(server.command("stacks", "--json")))
        busy = [worker["worker"] for worker in answer["workers"]
                if any("/held" in (stack["request"] or "") for stack in worker["stacks"])]
        assert len(busy) == 1
        one = json.loads(done(server.command("stacks", str(busy[0]), "--json")))
        assert [worker["worker"] for worker in one["workers"]] == busy
        (tmp_path / "go").touch()
        assert client.response().status == 200
    assert refused(server.command("stacks", "99")) == "there is no worker 99"


# What it changes


def test_workers(server):
    """Workers come, go and are replaced, and when the command ends it is so."""
    assert done(server.command("workers", "add")) == "workers: 3, all ready\n"
    assert worker_ids(server) == [1, 2, 3]
    assert json.loads(done(server.command("workers", "add", "2", "--json")))["ok"] is True
    assert worker_ids(server) == [1, 2, 3, 4, 5]
    assert "2 go on" in done(server.command("workers", "remove", "3"))
    eventually(lambda: len(server.workers()) == 2, what="two workers")
    assert done(server.command("workers", "restart", "1")) == "worker 1 is replaced\n"
    assert 1 not in worker_ids(server) and len(worker_ids(server)) == 2
    before = worker_ids(server)
    assert "generation 2 serves with 2 workers" in done(server.command("workers", "restart"))
    assert not set(before) & set(worker_ids(server))
    assert server.status()["workers_wanted"] == 2


def test_workers_that_cannot_be(server):
    """What is not possible is refused in one sentence, and nothing changes."""
    assert refused(server.command("workers", "remove", "2")) == "workers: 2 now; one has to stay"
    assert refused(server.command("workers", "restart", "77")) == "there is no worker 77"
    assert "256 at most" in refused(server.command("workers", "add", "255"))
    answer = server.command("workers", "remove", "9", "--json")
    assert answer.returncode == 1 and json.loads(answer.stdout)["ok"] is False
    assert worker_ids(server) == [1, 2]


def test_log_level(server):
    """It holds for the supervisor at once, and a reload brings back what the configuration says."""
    assert "debug" in done(server.command("log-level", "debug"))
    done(server.command("workers", "add"))
    server.wait_log(r"\[supervisor\] debug: worker 3 .* is ready")
    assert "serves with 2 workers" in done(server.command("reload"))
    done(server.command("workers", "add"))
    assert "debug: worker 6" not in server.log()


def test_stop(server, tmp_path):
    """It ends when the running request is answered and the server is gone, with code 0."""
    with server.connect() as client:
        client.request("GET", f"/held?file={tmp_path}/go&started={tmp_path}/started")
        eventually(lambda: os.path.exists(tmp_path / "started"), what="the request")
        with subprocess.Popen([BINARY, "stop", "--control", server.control], env=environment(),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as stop:
            assert stop.stderr.readline() == "finishes what runs\n"
            server.wait_log("stops when the running requests are answered")
            assert stop.poll() is None
            (tmp_path / "go").touch()
            assert client.response().status == 200
            assert stop.communicate(timeout=10)[0] == "stopped\n"
            assert stop.returncode == 0
    assert server.exit_code == 0 or server.wait(2) == 0
    server.expect_nothing_left()
