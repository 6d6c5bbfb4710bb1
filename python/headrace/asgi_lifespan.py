"""Lifespan: tells an application when the worker starts and stops (ASGI lifespan protocol 2.0)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from headrace.log import Log, traceback_text

Message = dict[str, Any]


class StartupFailed(Exception):
    """The application said that it cannot start; the text is its message."""


class Lifespan:
    """One call of the application that lasts as long as the worker.

    An application that raises instead of answering does not take part: it is served without.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], log: Log) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._log = log
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        self._heard_startup = False
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Waits until the application is ready; raises StartupFailed when it cannot be."""
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            raise StartupFailed(answer.get("message") or "the application's startup failed")

    async def shutdown(self) -> None:
        """Waits until the application has put its things away. REQUIRES: startup() returned."""
        if self._task is None or self._task.done():
            return
        answer = await self._ask("lifespan.shutdown")
        if answer["type"] == "lifespan.shutdown.failed":
            self._log.error(f"the application's shutdown failed: {answer.get('message', '')}")

    async def _ask(self, question: str) -> Message:
        """Sends an event and returns the answer, which may be that the application has ended."""
        self._to_app.put_nowait({"type": question})
        return await self._from_app.get()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"},
                 "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as exception:
            # Many applications know no lifespan and raise at once. What comes later is a mistake.
            if self._heard_startup:
                self._log.error(f"lifespan failed\n{traceback_text(exception)}")
            else:
                self._log.debug(f"the application takes no part in lifespan: {exception!r}")
        except SystemExit as exception:
            # It means to end the worker; left alone it would end the event loop untidily.
            self._from_app.put_nowait({"type": "lifespan.startup.failed",
                                       "message": traceback_text(exception)})
        finally:
            self._from_app.put_nowait({"type": "the end"})

    async def _receive(self) -> Message:
        message = await self._to_app.get()
        self._heard_startup = True
        return message

    async def _send(self, message: Message) -> None:
        if message.get("type") not in ANSWERS:
            raise RuntimeError(f"{message.get('type')!r} is not an event of the lifespan protocol")
        self._from_app.put_nowait(message)


ANSWERS = ("lifespan.startup.complete", "lifespan.startup.failed",
           "lifespan.shutdown.complete", "lifespan.shutdown.failed")
