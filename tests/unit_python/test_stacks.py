"""Stacks as the log and an operator get them, and what a control message has room for."""

import asyncio
import threading

import pytest
from headrace import control, stacks, task_stacks
from headrace.log import Log
from headrace.wsgi_watch import WsgiWatch


@pytest.fixture
def waiting_thread():
    """A thread in waits()."""
    started, end = threading.Event(), threading.Event()

    def waits():
        started.set()
        end.wait()

    thread = threading.Thread(target=waits, name="waiting")
    thread.start()
    started.wait()
    yield thread
    end.set()
    thread.join()


def test_thread_stack(waiting_thread):
    """A thread's stack begins with its own code and has file, line, function and text."""
    lines = stacks.thread_stack(waiting_thread.ident)
    assert "test_stacks.py" in lines[0] and "in waits: end.wait()" in lines[0], lines
    assert stacks.thread_name(waiting_thread.ident) == "waiting"
    assert stacks.thread_stack(0) == []


def test_coroutine_stack():
    """A suspended coroutine's stack goes through all that it awaits, other tasks as well."""
    async def innermost():
        await asyncio.Event().wait()

    async def middle():
        await asyncio.create_task(innermost())

    async def outermost():
        await middle()

    async def look():
        task = asyncio.create_task(outermost())
        for _ in range(3):
            await asyncio.sleep(0)
        lines = task_stacks.coroutine_stack(task.get_coro())
        assert not task_stacks.is_running(task.get_coro())
        assert task_stacks.is_running(asyncio.current_task().get_coro())
        task.cancel()
        return lines

    found = [line.split(" in ")[1].split(":")[0] for line in asyncio.run(look())]
    assert found == ["outermost", "middle", "innermost", "wait"]


def test_deep_stack_is_shortened():
    """Of a long stack both ends are kept, with a word about the rest."""
    lines = stacks.shortened([str(number) for number in range(1000)])
    assert lines[0] == "0" and lines[-1] == "999" and len(lines) == stacks.FRAMES_MAX + 1
    assert "... 940 more ..." in lines


def test_stacks_fit_a_message():
    """What does not fit a message is counted."""
    many = [{"name": f"thread {number}", "request": None, "frames": ["x" * 200]}
            for number in range(1000)]
    kept = control.fitting(many)
    assert kept[0] == many[0] and "more threads and tasks are left out" in kept[-1]["name"]
    assert control.fitting(many[:3]) == many[:3]


class Server:
    """Stands in for the extension module's: one thread is at one request."""

    def __init__(self, ident, place):
        self.entries = [(place, "GET /slow", 1.5, ident)]
        self.interrupted = []

    def running(self):
        return self.entries

    def interrupt(self, place):
        self.interrupted.append(place)


def overdue(generation, timed_out):
    return {"event": "overdue", "id": 1, "channel": 0, "slot": 3, "generation": generation,
            "age": 1.5, "timed_out": timed_out, "name": "GET /slow"}


def test_wsgi_watch(waiting_thread, capfd):
    """The stack of the very request is logged; only a time-out interrupts it, and only it."""
    server = Server(waiting_thread.ident, (0, 3, 7))
    watch = WsgiWatch(server, Log("worker 1"))
    watch.overdue(overdue(6, timed_out=True))
    assert capfd.readouterr().err == "" and server.interrupted == []
    watch.overdue(overdue(7, timed_out=False))
    text = capfd.readouterr().err
    assert "GET /slow has run for 1.5 s and goes on" in text and "in waits" in text
    assert server.interrupted == []
    watch.overdue(overdue(7, timed_out=True))
    assert "504" in capfd.readouterr().err and server.interrupted == [(0, 3, 7)]
    found = [entry for entry in watch.stacks() if entry["name"] == "waiting"]
    assert [entry["request"] for entry in found] == ["GET /slow"]
