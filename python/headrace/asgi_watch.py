"""AsgiWatch: looks after the requests in the event loop of an ASGI worker."""

import asyncio
import signal
import threading
from typing import Any

from headrace import _worker, stacks, task_stacks
from headrace.errors import RequestTimeout
from headrace.log import Log
from headrace.report import printable
from headrace.watch import Place, log_overdue, place_of

# A loop that has not run a callback after this time is held by code that blocks.
LOOP_PATIENCE_SECONDS = 0.25
# How often to look whether the threads of a request have ended.
THREADS_POLL_SECONDS = 0.1
# Interrupts the blocking code of a request in the loop's thread.
INTERRUPT = signal.SIGRTMIN + 9


class AsgiWatch:
    """See watch.Watch. `server` is the _worker.AsgiServer; make it in the loop's thread.

    What works for a request is told by its context: tasks and threads that it starts inherit that
    (asyncio.create_task(), asyncio.to_thread(), anyio and asgiref do so).
    """

    def __init__(self, server: Any, loop: asyncio.AbstractEventLoop, log: Log) -> None:
        self._server = server
        self._loop = loop
        self._log = log
        self._loop_thread = threading.get_ident()
        signal.signal(INTERRUPT, self._on_interrupt)

    def overdue(self, message: dict[str, Any]) -> None:
        """Logs the stacks of the request's tasks and threads; cancels it."""
        place = place_of(message)
        entry = self._entry(place)
        if entry is None:
            return
        text = self._stacks_of(entry)
        if self._entry(place) is None:
            return
        log_overdue(self._log, message, text)
        if message["timed_out"]:
            self._end(place)

    def stacks(self) -> list[dict[str, Any]]:
        """One entry a task, of those that run, and one a thread."""
        running = self._running()
        names = {key: named(scope) for _, scope, _, _, _, key in running}
        own = {task: (coroutine, key) for _, _, _, task, coroutine, key in running}
        contexts = _worker.thread_contexts()
        found = []
        for ident in stacks.other_threads():
            key = self._key(contexts.get(ident))
            found.append({"name": stacks.thread_name(ident), "request": names.get(key),
                          "frames": stacks.thread_stack(ident)})
        for task in task_stacks.tasks_of(self._loop):
            coroutine, key = own.get(task) or (task.get_coro(),
                                               self._key(task_stacks.task_context(task)))
            frames = task_stacks.coroutine_stack(coroutine)
            if frames and not task_stacks.is_running(coroutine):
                found.append({"name": task.get_name(), "request": names.get(key),
                              "frames": frames})
        return found

    def _running(self) -> list[tuple[Any, ...]]:
        return [entry for entry in self._server.running() if entry is not None]

    def _entry(self, place: Place) -> tuple[Any, ...] | None:
        for entry in self._running():
            if entry[0] == place:
                return entry
        return None

    def _key(self, context: Any) -> int | None:
        return None if context is None else self._server.key_of(context)

    def _stacks_of(self, entry: tuple[Any, ...]) -> str:
        _, _, _, own_task, coroutine, key = entry
        parts = []
        for ident, context in _worker.thread_contexts().items():
            if self._key(context) == key:
                title = f"thread {stacks.thread_name(ident)}"
                parts.append(stacks.block(title, stacks.thread_stack(ident)))
        coroutines = {own_task: coroutine}
        for task in task_stacks.tasks_of(self._loop):
            if task is not own_task and self._key(task_stacks.task_context(task)) == key:
                coroutines[task] = task.get_coro()
        for task, awaiting in coroutines.items():
            if not task_stacks.is_running(awaiting):
                frames = task_stacks.coroutine_stack(awaiting)
                parts.append(stacks.block(f"task {task.get_name()}", frames))
        return "\n".join(parts) or "(it runs no Python code)"

    def _end(self, place: Place) -> None:
        """Cancels the request; interrupts what of it blocks the loop, or runs in other threads."""
        if self._server.expire(place) is None:
            return
        looped = threading.Event()

        def cancel(raised_in_threads: type[BaseException] | None = RequestTimeout) -> None:
            looped.set()
            entry = self._entry(place)
            if entry is None:
                return
            # It is theirs to end the request. Without it they would go on, and nobody would know.
            if self._server.threads_of(entry[5], raised_in_threads):
                self._loop.call_later(THREADS_POLL_SECONDS, cancel, None)
            else:
                task = self._server.expire(place)
                if task is not None:
                    task.cancel()

        try:
            self._loop.call_soon_threadsafe(cancel)
        except RuntimeError:  # the loop has ended
            return
        if not looped.wait(LOOP_PATIENCE_SECONDS):
            signal.pthread_kill(self._loop_thread, INTERRUPT)

    def _on_interrupt(self, number: int, frame: Any) -> None:
        if self._server.interrupts():
            raise RequestTimeout


def named(scope: dict[str, Any] | None) -> str | None:
    """"GET /path" of a request's scope, for people."""
    if scope is None:
        return None
    path = bytes(scope.get("raw_path", b"-")).decode("latin-1")
    return f"{scope.get('method', '-')} {printable(path)}"
