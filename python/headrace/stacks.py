"""Stacks: what threads are at, as lines that read like a traceback."""

import linecache
import os
import sys
import threading
import types

# The middle of a deep stack (a recursion) tells nothing new.
FRAMES_MAX = 60
STARTS_OF_THREADS = (threading.Thread.run.__code__, threading.Thread._bootstrap_inner.__code__)


def thread_stack(ident: int) -> list[str]:
    """The stack of a thread, its outermost call first, without our own calls that lead there.

    Empty when there is no such thread.
    """
    frame = sys._current_frames().get(ident)
    lines = []
    while frame is not None and not _leads_there(frame.f_code):
        lines.append(line_of(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return shortened(lines[::-1])


def other_threads() -> list[int]:
    """All threads that run Python code, but for the calling one."""
    return [ident for ident in sys._current_frames() if ident != threading.get_ident()]


def thread_name(ident: int) -> str:
    """What the thread is called."""
    for thread in threading.enumerate():
        if thread.ident == ident:
            return thread.name
    return f"thread {ident}"


def shortened(lines: list[str]) -> list[str]:
    """The lines without their middle, when they are many."""
    if len(lines) <= FRAMES_MAX:
        return lines
    half = FRAMES_MAX // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} more ...", *lines[-half:]]


def block(title: str, lines: list[str]) -> str:
    """A stack under its title, for the log."""
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines or ["(no Python code)"])])


def is_ours(code: types.CodeType) -> bool:
    """Whether it is a function of this package."""
    return code.co_filename.startswith(os.path.dirname(__file__) + os.sep)


def _leads_there(code: types.CodeType) -> bool:
    """Whether a frame only starts what a thread is for: ours, and those of every thread."""
    return is_ours(code) or code in STARTS_OF_THREADS


def line_of(code: types.CodeType, number: int | None) -> str:
    """What stands for a frame that is at the line `number` of its file."""
    line = f'File "{code.co_filename}", line {number}, in {code.co_name}'
    text = linecache.getline(code.co_filename, number or 0).strip()
    return f"{line}: {text}" if text else line
