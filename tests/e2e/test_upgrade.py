"""`headrace upgrade`: another process takes all over, and no client notices."""

import re
import shutil
import signal
import socket

import pytest
from harness.held import hold
from harness.load import Load
from harness.processes import Process, in_session
from harness.server import BINARY, SANITIZED, Server
from harness.wait import eventually

UPGRADES = 3 if SANITIZED else 10


def upgraded(server):
    """Has the server go over to a new process, and returns that."""
    before = server.status()["pid"]
    ended = server.command("upgrade")
    assert ended.returncode == 0, f"{ended.output}\n{server.log()}"
    pid = server.status()["pid"]
    assert pid != before
    assert f"(pid {pid}) serves" in ended.stdout
    return Process(pid)


def refused(server, *parts):
    """An upgrade that fails, says so, and changes nothing."""
    before = server.status()
    ended = server.command("upgrade")
    assert ended.returncode == 1, ended.output
    assert "nothing has changed" in ended.output
    for part in parts:
        assert part in ended.output
    after = server.status()
    assert after["pid"] == before["pid"]
    assert [worker["pid"] for worker in after["workers"]] == \
        [worker["pid"] for worker in before["workers"]]
    assert server.get("/pid").status == 200


@pytest.mark.parametrize("bind", ["tcp", "unix"])
def test_upgrades_under_load(bind):
    """Upgrades in a row under load: not one request fails, and what was left behind is gone."""
    with Server("held:app", "--workers", "2", bind=bind) as server:
        with Load(server, "/busy?seconds=0.001", client_count=6) as load:
            for _ in range(UPGRADES):
                answered = load.counts[200]
                upgraded(server)
                eventually(lambda seen=answered: load.counts[200] > seen + 50, 30, "more answers")
        assert not load.failures(), load.failures()
        # The first process, the one in charge, its edge and its two workers.
        eventually(lambda: len(in_session(server.supervisor.pid)) == 5, 10, "the others' end")


def test_connections_stay():
    """Keep-alive connections are served by the new process; running requests by the old one."""
    with Server("held:app", "--workers", "1") as server:
        idle = [server.connect() for _ in range(50)]
        assert {client.exchange("GET", "/pid").status for client in idle} == {200}
        held, release = hold(server, "held", server.folder, "request")
        new = upgraded(server)
        worker = str(new.children()[-1].pid).encode()
        assert {client.exchange("GET", "/pid").body for client in idle} == {worker}
        release.touch()
        first = held.response()
        assert first.status == 200 and first.body != worker
        assert held.exchange("GET", "/pid").body == worker
        for client in [*idle, held]:
            client.close()


def test_stop_reaches_the_process_in_charge():
    """The process that was started first passes signals on, and ends with the exit code."""
    with Server("held:app", "--workers", "1") as server:
        for _ in range(2):
            upgraded(server)
        old_worker = server.status()["workers"][0]["pid"]
        server.supervisor.kill(signal.SIGHUP)
        eventually(lambda: server.status()["workers"][-1]["pid"] != old_worker, 10, "a reload")
        # The harness stops it by SIGTERM to the first process, and expects nothing to be left.


def test_keeper_dies():
    """With the process that was started first all end: nobody watches the others."""
    with Server("held:app", "--workers", "1") as server:
        for _ in range(2):
            upgraded(server)
        eventually(lambda: len(in_session(server.supervisor.pid)) == 4, 10, "the others' end")
        server.supervisor.kill()
        server.wait()
        server.expect_nothing_left()


def test_process_in_charge_dies():
    """Whoever watches the first process learns that the one in charge has crashed."""
    with Server("held:app", "--workers", "1") as server:
        new = upgraded(server)
        eventually(lambda: len(in_session(server.supervisor.pid)) == 4, 10, "the old ones' end")
        new.kill()
        assert server.wait() == 128 + signal.SIGKILL
        server.expect_nothing_left()


@pytest.mark.parametrize("bind", ["tcp", "unix"])
def test_versions_that_cannot_serve(bind, tmp_path):
    """An application that fails, is late, a wrong configuration: all stays as it is."""
    shutil.copy(BINARY, tmp_path / "headrace")
    (tmp_path / "web.py").write_text("def app(environ, start_response):\n"
                                     "    start_response('200 OK', [])\n    return [b'one']\n")
    settings = tmp_path / "headrace.toml"
    settings.write_text("workers = 1\nstart_timeout = '2s'\n")
    with Server("web:app", "--config", settings, cwd=tmp_path, bind=bind) as server:
        server.expected_accident = "(?s).*"
        good = (tmp_path / "web.py").read_text()
        (tmp_path / "web.py").write_text("raise RuntimeError('broken release')")
        refused(server, "RuntimeError: broken release")
        (tmp_path / "web.py").write_text("import time; time.sleep(60)")
        refused(server, "was not ready within start_timeout = 2s")
        (tmp_path / "web.py").write_text(good.replace("one", "two"))
        settings.write_text("workers = 1\nstart_timeot = '2s'\n")
        refused(server, "headrace.toml:2", "start_timeout")
        settings.write_text("workers = 1\n")
        upgraded(server)
        assert server.get("/").text == "two"


def test_settings_that_need_a_restart(tmp_path):
    """An upgrade reads all settings anew: addresses and edge threads change without a gap."""
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    other.close()
    (tmp_path / "headrace.toml").write_text("workers = 1\nbind = ['127.0.0.1:0']\n")
    with Server("held:app", "--config", tmp_path / "headrace.toml", bind=None) as server:
        first = server.address
        (tmp_path / "headrace.toml").write_text(
            f"workers = 1\nedge_threads = 2\nbind = ['127.0.0.1:0', '127.0.0.1:{port}']\n")
        upgraded(server)
        assert server.address == first and server.get("/pid").status == 200
        server.address = ("127.0.0.1", port)
        assert server.get("/pid").status == 200
        assert server.status()["edge"]["threads"] == 2


def test_unix_socket_that_is_dropped(tmp_path):
    """The file of a Unix socket goes with the setting that had it made."""
    kept, dropped = tmp_path / "kept", tmp_path / "dropped"
    settings = tmp_path / "headrace.toml"
    settings.write_text(f"workers = 1\nbind = ['unix:{kept}', 'unix:{dropped}']\n")
    with Server("held:app", "--config", settings, bind=None, address=str(kept)) as server:
        settings.write_text(f"workers = 1\nbind = ['unix:{kept}']\n")
        upgraded(server)
        assert server.get("/pid").status == 200
        assert kept.exists() and not dropped.exists()
    assert not kept.exists()


def test_program_is_the_one_that_its_path_leads_to(tmp_path):
    """A link to the program of a version is followed anew by each upgrade."""
    program = tmp_path / "headrace"
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755)
    program.symlink_to(BINARY)
    by_link = ["/bin/sh", "-c", f'shift; exec {program} "$@"', "sh"]
    with Server("held:app", "--workers", "1", launcher=by_link) as server:
        server.expected_accident = "(?s).*"
        program.unlink()
        program.symlink_to(broken)
        refused(server, "exited with code 7")
        program.unlink()
        program.symlink_to(BINARY)
        upgraded(server)


STUCK_VERSION = """#!/usr/bin/python3
import json, os, socket, time
link = socket.socket(fileno=json.loads(os.environ["HEADRACE_SUCCESSION"])["link"])
link.send(b'{"event":"ready","version":"9.9"}')
time.sleep(60)
"""


def test_version_that_is_stuck_as_it_takes_over(tmp_path):
    """Who asked is told in time; the old server ends after stop_timeout, as after any upgrade."""
    program, stuck = tmp_path / "headrace", tmp_path / "stuck"
    stuck.write_text(STUCK_VERSION)
    stuck.chmod(0o755)
    program.symlink_to(BINARY)
    by_link = ["/bin/sh", "-c", f'shift; exec {program} "$@"', "sh"]
    with Server("held:app", "--workers", "1", "--stop-timeout", "12s",
                launcher=by_link) as server:
        program.unlink()
        program.symlink_to(stuck)
        ended = server.command("upgrade")
        assert ended.returncode == 1
        assert "it has taken over, but does not say that it serves" in ended.output
        # The keeper and the one that is stuck.
        eventually(lambda: len(in_session(server.supervisor.pid)) == 2, 10, "the others' end")
        stuck_pid = int(re.search(r"version 9\.9 \(pid (\d+)\)", server.log())[1])
        Process(stuck_pid).kill()
        assert server.wait() == 128 + signal.SIGKILL
        server.expect_nothing_left()


def test_under_a_service_manager():
    """systemd is told of the new main process, and the old one ends: nobody has to keep."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind("\0headrace-upgrade-test")
        notices.settimeout(10)
        with Server("held:app", "--workers", "1",
                    env={"NOTIFY_SOCKET": "@headrace-upgrade-test"}) as server:
            new = upgraded(server)
            messages = ""
            while f"MAINPID={new.pid}" not in messages:
                messages += notices.recv(4096).decode() + "\n"
            assert server.wait() == 0
            assert server.get("/pid").status == 200
            new.kill(signal.SIGTERM)
            server.expect_nothing_left(10)
