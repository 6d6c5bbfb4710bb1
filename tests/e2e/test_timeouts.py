"""Requests that hang: the client's 504, the stack in the log, and no harm to the neighbours."""

import os
import re
import signal

import pytest
from harness.server import START_TIMEOUT, Server
from harness.wait import eventually, holds_for

TIMEOUT = ("--request-timeout", "1s", "--request-timeout-paths", "/held=60s")


def begin(server, tmp_path, target, name="hanging"):
    """A client whose request has begun to run in a worker."""
    client = server.connect(timeout=30)
    mark = tmp_path / f"{name}-started"
    client.request("GET", f"{target}{'&' if '?' in target else '?'}started={mark}")
    eventually(mark.exists, what=f"the start of {target}")
    return client


def neighbour(server, tmp_path):
    """A request of the same worker that ends when let_go() says so."""
    return begin(server, tmp_path, f"/held?file={tmp_path}/go", "neighbour")


def let_go(tmp_path):
    (tmp_path / "go").touch()


def ended(client):
    response = client.response()
    client.close()
    return response.status


@pytest.mark.parametrize("kind", ["sleep", "socket_read", "lock", "python_loop"])
def test_wsgi(tmp_path, kind):
    """A hanging thread: 504 at the deadline, its stack in the log, the neighbour gets its 200."""
    with Server("stuck:wsgi", "--workers", "1", "--timeout-grace", "60s", *TIMEOUT) as server:
        worker = server.worker
        beside = neighbour(server, tmp_path)
        hanging = begin(server, tmp_path, f"/{kind}")
        assert ended(hanging) == 504
        pattern = rf"GET /{kind} has run for [\d.]+ s: .*504.*(\n  .*|\nthread .*)+"
        stack = server.wait_log(pattern)[0]
        assert f"in {kind}" in stack and "thread headrace-" in stack, stack
        let_go(tmp_path)
        assert ended(beside) == 200
        assert server.worker == worker
        server.destroy()


def test_wsgi_python_code_is_ended(tmp_path):
    """Python code gets RequestTimeout, cleans up, and its thread serves on; nobody else gets it."""
    with Server("stuck:wsgi", "--workers", "1", "--threads", "1", *TIMEOUT) as server:
        worker = server.worker
        for number in range(3):
            assert ended(begin(server, tmp_path, "/python_loop", f"loop{number}")) == 504
            assert server.get("/cleaned").text.split() == ["RequestTimeout"] * (number + 1)
        for _ in range(50):
            assert server.get("/").status == 200
        assert server.worker == worker
        assert "Traceback" not in server.log()


@pytest.mark.parametrize("kind", ["awaits", "sleep", "socket_read", "lock", "python_loop", "task"])
def test_asgi(tmp_path, kind):
    """An awaiting request is cancelled, blocking code in the loop is interrupted, in a task of its
    own as well; the neighbour gets its 200 and the worker stays."""
    with Server("stuck:asgi", "--workers", "1", *TIMEOUT) as server:
        worker = server.worker
        beside = neighbour(server, tmp_path)
        hanging = begin(server, tmp_path, f"/{kind}")
        assert ended(hanging) == 504
        pattern = rf"GET /{kind} has run for [\d.]+ s: .*504.*(\n  .*|\nt\w+ .*)+"
        stack = server.wait_log(pattern)[0]
        where = {"awaits": "in act", "task": "in blocking_task"}.get(kind, f"in {kind}")
        assert where in stack, stack
        let_go(tmp_path)
        assert ended(beside) == 200
        cleaned = server.get("/cleaned").text
        assert cleaned == ("CancelledError" if kind in ("awaits", "task") else "RequestTimeout")
        assert server.worker == worker
        assert "failed" not in server.log()


def test_asgi_thread_of_a_request(tmp_path):
    """The stack of a thread that works for an ASGI request is logged with it."""
    with Server("stuck:asgi", "--workers", "1", "--slow-request", "500ms") as server:
        client = begin(server, tmp_path, f"/thread?file={tmp_path}/go")
        pattern = r"GET /thread has run for [\d.]+ s and goes on.*(\n  .*|\nt\w+ .*)+"
        stack = server.wait_log(pattern)[0]
        assert "in held" in stack and "in act" in stack, stack
        let_go(tmp_path)
        assert ended(client) == 200


def test_asgi_thread_is_ended(tmp_path):
    """Python code in a thread of an ASGI request is interrupted; those of others are not."""
    with Server("stuck:asgi", "--workers", "1", "--timeout-grace", "60s", *TIMEOUT[:-1],
                "/thread/held=60s") as server:
        worker = server.worker
        beside = begin(server, tmp_path, f"/thread/held?file={tmp_path}/go", "neighbour")
        for number in range(3):
            hanging = begin(server, tmp_path, "/thread/python_loop", f"loop{number}")
            assert ended(hanging) == 504
            mark = "RequestTimeout in its thread RequestTimeout"
            eventually(lambda: server.get("/cleaned").text == " ".join([mark] * (number + 1)),
                       what="the end of the thread")
        let_go(tmp_path)
        assert ended(beside) == 200
        assert server.worker == worker


def test_asgi_thread_that_hangs(tmp_path):
    """A thread that nothing interrupts: the worker is replaced, after its neighbours are done."""
    with Server("stuck:asgi", "--workers", "1", "--timeout-grace", "1s", *TIMEOUT) as server:
        worker = server.worker
        beside = neighbour(server, tmp_path)
        assert ended(begin(server, tmp_path, "/thread/sleep")) == 504
        server.wait_log(r"is replaced: GET /thread/sleep has not ended 1s after its time-out")
        let_go(tmp_path)
        assert ended(beside) == 200
        eventually(lambda: server.workers() and worker not in server.workers(), what="a new worker")
        server.wait_log("in sleep")
        server.destroy()


@pytest.mark.parametrize("app", ["stuck:wsgi", "stuck:asgi"])
def test_c_code_holds_the_interpreter(tmp_path, app):
    """C code that holds the GIL past the deadline: 504 and the stack; neighbours get their 200."""
    with Server(app, "--workers", "1", "--timeout-grace", "60s", *TIMEOUT) as server:
        worker = server.worker
        beside = neighbour(server, tmp_path)
        hanging = begin(server, tmp_path, "/gil?seconds=4")
        let_go(tmp_path)
        assert ended(hanging) == 504
        server.wait_log(r"worker \d+ \(pid \d+\) does not answer")
        server.wait_log(r'File ".*stuck.py", line \d+ in gil')
        assert ended(beside) == 200
        assert server.worker == worker


@pytest.mark.parametrize("hang", ["gil", "SIGSTOP"])
def test_row181_hanging_worker_is_replaced(tmp_path, hang):
    """Row 181: what does not end within timeout_grace: stacks, SIGABRT, SIGKILL; meanwhile another
    worker serves, and what the hanging one had not begun."""
    options = ("--workers", "1", "--threads", "1", "--timeout-grace", "1s", *TIMEOUT)
    with Server("stuck:wsgi", *options, probe="/") as server:
        worker = server.worker
        if hang == "gil":
            hanging = begin(server, tmp_path, "/gil")
        else:
            hanging = begin(server, tmp_path, "/python_loop")
            worker.kill(signal.SIGSTOP)
        waiting = server.connect(timeout=30)
        waiting.request("GET", "/")
        assert ended(hanging) == 504
        assert waiting.response().status == 200
        waiting.close()
        server.wait_log(r"is replaced: GET /\w+ has not ended 1s after its time-out")
        if hang == "gil":
            # Its stacks were asked for at the same moment: the two may be written into each other.
            server.wait_log(r"Fatal Python error: .*Aborted")
        eventually(lambda: worker not in server.workers(), 10, "the end of the hanging worker")
        server.wait_log(r"worker \d+ \(pid \d+\) was killed: GET /\w+ has not ended")
        server.destroy()


def test_row181_nobody_is_killed_before_the_limit(tmp_path):
    """Row 181: a worker that is stopped for a while, or holds the GIL, within its limits stays."""
    with Server("stuck:wsgi", "--workers", "1", "--request-timeout", "60s") as server:
        worker = server.worker
        client = begin(server, tmp_path, "/gil?seconds=3")
        assert ended(client) == 200
        worker.kill(signal.SIGSTOP)
        waiting = server.connect(timeout=30)
        waiting.request("GET", "/")
        holds_for(lambda: worker in server.workers(), 2, "the stopped worker")
        worker.kill(signal.SIGCONT)
        assert waiting.response().status == 200
        waiting.close()
        assert server.worker == worker


def test_thread_without_client_is_replaced(tmp_path):
    """A request whose client has gone away has its time-out all the same."""
    options = ("--workers", "1", "--threads", "1", "--timeout-grace", "500ms", *TIMEOUT)
    with Server("stuck:wsgi", *options) as server:
        worker = server.worker
        begin(server, tmp_path, "/lock").close()
        eventually(lambda: server.workers() and worker not in server.workers(), START_TIMEOUT,
                   "a new worker")
        assert server.get("/").status == 200
        server.destroy()


def test_path_without_time_out(tmp_path):
    """request_timeout_paths takes a path out of it, and slow_request logs it once, as it runs."""
    options = ("--request-timeout", "500ms", "--request-timeout-paths", "/held=0",
               "--slow-request", "300ms")
    with Server("stuck:wsgi", "--workers", "1", *options) as server:
        client = neighbour(server, tmp_path)
        server.wait_log(r"GET /held has run for [\d.]+ s and goes on(.|\n)*in held")
        holds_for(lambda: not client.readable(0), 1, "the wait for an answer")
        assert len(re.findall("has run for", server.log())) == 1
        let_go(tmp_path)
        assert ended(client) == 200


@pytest.mark.parametrize("retried", [True, False])
def test_row177_lost_request_is_tried_again(tmp_path, retried):
    """Row 177: with retry_lost a GET whose worker died is given to another one, once; else 502."""
    options = ["--retry-lost"] if retried else []
    with Server("stuck:wsgi", "--workers", "2", *options) as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")
        client = neighbour(server, tmp_path)
        mark = tmp_path / "neighbour-started"
        busy = eventually(mark.read_text)
        os.kill(int(busy), signal.SIGKILL)
        if retried:
            eventually(lambda: mark.read_text() not in ("", busy), what="another worker's try")
            let_go(tmp_path)
        assert ended(client) == (200 if retried else 502)


def test_streams_get_notice(tmp_path):
    """At a stop streams are told before they are cut off: this one comes to its own end."""
    with Server("stuck:asgi", "--workers", "1", "--stop-timeout", "4s") as server:
        client = begin(server, tmp_path, "/stream")
        server.supervisor.kill(signal.SIGTERM)
        response = client.response()
        assert response.status == 200 and response.body == b"begin end", response
        client.close()
        assert server.wait() == 0
        assert "cut off" not in server.log()
