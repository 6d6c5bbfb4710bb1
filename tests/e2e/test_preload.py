"""--preload: one process imports the application, and workers are copies of it."""

import json
import os
import re
import signal

import pytest
from harness.server import PYTHON, Server, headrace
from harness.wait import eventually


def describe(server):
    return json.loads(server.get("/").body)


def template(server):
    """The child that workers are copied from: the one that imported the application."""
    pid = describe(server)["imported_by"]
    return next((child for child in server.supervisor.children() if child.pid == pid), None)


@pytest.fixture
def server():
    with Server("process:app", "--workers", "2", "--preload") as server:
        eventually(lambda: len(server.workers()) == 3, what="a template and two workers")
        yield server


def test_workers_are_copies(server):
    """The application is imported once; workers are children of the supervisor all the same."""
    found = describe(server)
    assert found["imported_by"] != found["pid"]
    assert found["parent"] == server.supervisor.pid
    assert template(server) is not None
    server.get("/print?from-a-copy")
    server.wait_log(r"\[worker [12]\] output: from-a-copy$")


def test_descriptors(server):
    """A copy has as few descriptors as a worker that is a program of its own."""
    with Server("process:app", "--workers", "1") as other:
        assert sorted(map(kind, describe(server)["descriptors"])) == sorted(
            map(kind, describe(other)["descriptors"]))


def kind(name):
    return name.partition(":[")[0].removesuffix("/stderr").rpartition("/")[2][:8]


def test_worker_dies(server):
    """A killed worker is replaced by another copy of the same template."""
    source = template(server)
    victim = next(worker for worker in server.workers() if worker != source)
    victim.kill()
    eventually(lambda: victim not in server.workers() and len(server.workers()) == 3,
               what="another copy")
    assert describe(server)["imported_by"] == source.pid
    server.wait_log(r"worker \d+ \(pid %d\) was killed by SIGKILL" % victim.pid)


def test_template_dies(server):
    """A killed template changes nothing for its workers; the next worker brings a new one."""
    source = template(server)
    workers = [worker for worker in server.workers() if worker != source]
    source.kill()
    server.wait_log(r"the template \(pid %d\) was killed by SIGKILL" % source.pid)
    assert describe(server)["imported_by"] == source.pid
    for worker in workers:
        worker.kill()
    eventually(lambda: describe(server)["imported_by"] != source.pid, what="a new template")
    eventually(lambda: len(server.workers()) == 3, what="a template and two workers")


def test_row184_supervisor_dies(server):
    """Row 184: template and workers end with the supervisor."""
    server.supervisor.kill()
    server.wait()
    server.expect_nothing_left()


def test_orphans_are_reaped(tmp_path):
    """What a worker leaves behind when it is killed does not stay a zombie under the supervisor."""
    (tmp_path / "parent.py").write_text(
        "import subprocess\n"
        "def app(environ, start_response):\n"
        "    child = subprocess.Popen(['/bin/sleep', '0.3']).pid\n"
        "    start_response('200 OK', [])\n    return [str(child).encode()]\n")
    with Server("parent:app", "--workers", "1", "--preload", cwd=tmp_path, probe=None) as server:
        child = int(server.get().text)
        for worker in server.workers():
            worker.kill()
        eventually(lambda: not os.path.exists(f"/proc/{child}"), what="no zombie")
        eventually(lambda: server.get().status == 200, what="service again")


def test_import_fails(tmp_path):
    """An application that does not import ends the start with its traceback, once."""
    (tmp_path / "broken.py").write_text("raise RuntimeError('at import')\n")
    ended = headrace("run", "broken:app", "--python", PYTHON, "--bind", "127.0.0.1:0", "--preload",
                     "--workers", "3", cwd=tmp_path)
    assert ended.returncode == 1, ended.output
    assert ended.output.count("RuntimeError: at import") == 1
    assert "the application cannot be imported" in ended.output


def test_template_crashes(tmp_path):
    """A template that is killed by what it imports ends the start with the signal in words."""
    (tmp_path / "broken.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    ended = headrace("run", "broken:app", "--python", PYTHON, "--bind", "127.0.0.1:0", "--preload",
                     cwd=tmp_path)
    assert ended.returncode == 1 and "was killed by SIGKILL" in ended.output, ended.output


def test_import_hangs(tmp_path):
    """A template that hangs in its import is given up at start_timeout."""
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(600)\n")
    ended = headrace("run", "slow:app", "--python", PYTHON, "--bind", "127.0.0.1:0", "--preload",
                     "--start-timeout", "1s", cwd=tmp_path)
    assert ended.returncode == 1 and "start_timeout = 1s" in ended.output, ended.output


def test_threads_are_warned_of(tmp_path):
    """Threads that the import starts are named in a warning: they are not in the workers."""
    (tmp_path / "busy.py").write_text(
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, name='pulse', daemon=True).start()\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return [b'fine']\n")
    with Server("busy:app", "--workers", "1", "--preload", cwd=tmp_path) as server:
        server.wait_log(r"\[template\] warning: preload: .* threads \(pulse\)")


def test_asgi(shared_server):
    """Lifespan runs in each worker, and an event loop of its own."""
    server = shared_server("asgi_echo:app", "--workers", "1", "--preload")
    assert server.get("/").status == 200


APP = """
def app(environ, start_response):
    start_response('200 OK', [])
    return [b'%s']
"""


def test_reload(tmp_path):
    """With --reload a new template imports the new code; one that fails leaves the old serving."""
    source = tmp_path / "site_.py"
    source.write_text(APP % "first")
    with Server("site_:app", "--workers", "2", "--preload", "--reload", cwd=tmp_path) as server:
        source.write_text("raise RuntimeError('second')\n")
        server.wait_log("RuntimeError: second")
        assert server.get().text == "first"
        source.write_text(APP % "third version")
        eventually(lambda: server.get().text == "third version", what="the new code")
        eventually(lambda: len(server.workers()) == 3, what="one template, two workers")


def test_stop(server):
    """SIGTERM ends workers, template and all in order."""
    server.stop(signal.SIGTERM)


HELD = """
import os, time
while os.path.exists("hold"):
    time.sleep(0.01)
"""


def test_status_while_a_template_imports(tmp_path):
    """A worker that its template has still to make has no process id: 0 would be a group's."""
    (tmp_path / "site_.py").write_text(HELD + APP % "here")
    with Server("site_:app", "--workers", "1", "--preload", cwd=tmp_path) as server:
        (tmp_path / "hold").touch()
        server.supervisor.kill(signal.SIGHUP)
        starting = eventually(lambda: [worker for worker in server.status()["workers"]
                                       if worker["state"] == "starting"], what="a new worker")
        assert [worker["pid"] for worker in starting] == [None]
        assert re.search(r"^ *worker \d+ +- +starting", server.command("status").stdout, re.M)
        assert re.search(r"^worker \d+: it is starting", server.command("stacks").stdout, re.M)
        (tmp_path / "hold").unlink()
        server.wait_log("reloaded: generation 2")
