"""Task stacks: what coroutines and tasks are at, as lines like those of stacks.py.

A module of its own, since a worker that serves WSGI needs no asyncio.
"""

import asyncio
import gc
import types
from typing import Any

from headrace.stacks import is_ours, line_of, shortened

CHAIN_MAX = 200


def coroutine_stack(coroutine: Any) -> list[str]:
    """The frames of a suspended coroutine and of all that it awaits, the outermost first."""
    lines: list[str] = []
    while coroutine is not None and len(lines) < CHAIN_MAX:
        frame, coroutine = _step(coroutine)
        if frame is not None and not is_ours(frame.f_code):
            lines.append(line_of(frame.f_code, frame.f_lineno))
    return shortened(lines)


def is_running(coroutine: Any) -> bool:
    """Whether a thread runs it at the moment: then the thread's stack says more."""
    return bool(getattr(coroutine, "cr_running", False))


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
