"""Stacks: what threads and coroutines are at, as lines that read like a traceback."""

import asyncio
import gc
import linecache
import os
import sys
import threading
import types
from typing import Any

# The middle of a deep stack (a recursion) tells nothing new.
FRAMES_MAX = 60
CHAIN_MAX = 200
STARTS_OF_THREADS = (threading.Thread.run.__code__, threading.Thread._bootstrap_inner.__code__)


def thread_stack(ident: int) -> list[str]:
    """The stack of a thread, its outermost call first, without our own calls that lead there.

    Empty when there is no such thread.
    """
    frame = sys._current_frames().get(ident)
    lines = []
    while frame is not None and not _leads_there(frame.f_code):
        lines.append(_line(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return shortened(lines[::-1])


def other_threads() -> list[int]:
    """All threads that run Python code, but for the calling one."""
    return [ident for ident in sys._current_frames() if ident != threading.get_ident()]


def coroutine_stack(coroutine: Any) -> list[str]:
    """The frames of a suspended coroutine and of all that it awaits, the outermost first."""
    lines: list[str] = []
    while coroutine is not None and len(lines) < CHAIN_MAX:
        frame, coroutine = _step(coroutine)
        if frame is not None and not _is_ours(frame.f_code):
            lines.append(_line(frame.f_code, frame.f_lineno))
    return shortened(lines)


def is_running(coroutine: Any) -> bool:
    """Whether a thread runs it at the moment: then the thread's stack says more."""
    return bool(getattr(coroutine, "cr_running", False))


def thread_name(ident: int) -> str:
    """What the thread is called."""
    for thread in threading.enumerate():
        if thread.ident == ident:
            return thread.name
    return f"thread {ident}"


def task_context(task: "asyncio.Task[Any]") -> Any:
    """The context that a task runs in, or None."""
    get_context = getattr(task, "get_context", None)  # since Python 3.12
    if get_context is not None:
        return get_context()
    # The task holds it, though before that version it does not say so.
    contexts = [held for held in gc.get_referents(task) if type(held).__name__ == "Context"]
    return contexts[0] if contexts else None


def tasks_of(loop: asyncio.AbstractEventLoop) -> "list[asyncio.Task[Any]]":
    """All tasks that have not ended. From any thread."""
    try:
        return list(asyncio.all_tasks(loop))
    except RuntimeError:  # they change faster than they can be listed
        return []


def shortened(lines: list[str]) -> list[str]:
    """The lines without their middle, when they are many."""
    if len(lines) <= FRAMES_MAX:
        return lines
    half = FRAMES_MAX // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} more ...", *lines[-half:]]


def block(title: str, lines: list[str]) -> str:
    """A stack under its title, for the log."""
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines or ["(no Python code)"])])


def _is_ours(code: types.CodeType) -> bool:
    return code.co_filename.startswith(os.path.dirname(__file__) + os.sep)


def _leads_there(code: types.CodeType) -> bool:
    """Whether a frame only starts what a thread is for: ours, and those of every thread."""
    return _is_ours(code) or code in STARTS_OF_THREADS


def _line(code: types.CodeType, number: int | None) -> str:
    line = f'File "{code.co_filename}", line {number}, in {code.co_name}'
    text = linecache.getline(code.co_filename, number or 0).strip()
    return f"{line}: {text}" if text else line


def _step(awaited: Any) -> tuple[types.FrameType | None, Any]:
    """The frame of one link of a chain of awaits, and the next link."""
    for frame_name, next_name in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"),
                                  ("ag_frame", "ag_await")):
        if hasattr(awaited, frame_name):
            return getattr(awaited, frame_name), getattr(awaited, next_name)
    if isinstance(awaited, asyncio.Task):
        return None, awaited.get_coro()
    # `await task` awaits an iterator that holds the task.
    if type(awaited).__name__ == "FutureIter":
        tasks = [held for held in gc.get_referents(awaited) if isinstance(held, asyncio.Task)]
        return None, tasks[0].get_coro() if tasks else None
    return None, None
