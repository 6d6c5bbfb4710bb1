"""Serves an ASGI 3 application in one asyncio event loop over the extension module."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from headrace import _worker
from headrace.asgi_lifespan import Lifespan, StartupFailed
from headrace.asgi_watch import AsgiWatch
from headrace.control import Control
from headrace.log import Log
from headrace.report import Report

Application = Callable[..., Awaitable[None]]


def serve(app: Application, settings: dict[str, Any], control: Control, log: Log,
          report: Report) -> None:
    """Answers requests until the supervisor asks to stop and what was taken is finished."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_serve(app, settings, control, log, report))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's when it can be imported, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(app: Application, settings: dict[str, Any], control: Control, log: Log,
                 report: Report) -> None:
    loop = asyncio.get_running_loop()
    lifespan = Lifespan(app, log)
    try:
        await lifespan.startup()
    except StartupFailed as failure:
        control.failed("startup", str(failure))
    if settings["warm_up"]:
        from headrace import warm_up
        await warm_up.asgi(app, settings["warm_up"], settings["root_path"], lifespan.state, control)

    def failed(exception: BaseException, scope: dict[str, Any] | None) -> bytes:
        return report(exception, *_named(scope))

    def mended(message: str, scope: dict[str, Any] | None) -> None:
        report.warn(message, *_named(scope))

    server = _worker.asgi_server(app, loop, settings, lifespan.state, failed, mended)
    finished = loop.create_future()

    def stop() -> None:
        if not finished.done():
            server.stop(lambda: finished.done() or finished.set_result(None))

    control.watch = AsgiWatch(server, loop, log)
    control.on_stop = lambda: loop.call_soon_threadsafe(stop)
    loop.add_reader(server.fileno(), server.drain)
    server.drain()
    control.ready("asgi", settings["app"], 1)
    await finished
    loop.remove_reader(server.fileno())
    await lifespan.shutdown()


def _named(scope: dict[str, Any] | None) -> tuple[str, str]:
    """Method and path of a request, for the log."""
    if scope is None:
        return "-", "-"
    return str(scope.get("method", "-")), bytes(scope.get("raw_path", b"-")).decode("latin-1")
