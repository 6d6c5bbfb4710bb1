"""Holds an application back until a test lets it go on; shared by the threads of one process."""

import asyncio
import queue

_permits = queue.SimpleQueue()
TIMEOUT_SECONDS = 30


def release():
    """Let one wait() end."""
    _permits.put(None)


def wait():
    _permits.get(timeout=TIMEOUT_SECONDS)


async def wait_async():
    while True:
        try:
            return _permits.get_nowait()
        except queue.Empty:
            await asyncio.sleep(0.005)
