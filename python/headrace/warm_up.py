"""Warm-up: requests that a worker asks of its application itself, before it takes any client's."""

import asyncio
import io
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

from headrace.control import Control
from headrace.log import traceback_text

USER_AGENT = "headrace-warm-up"


def wsgi(app: Callable[..., Any], targets: list[str], constants: dict[str, Any],
         control: Control) -> None:
    """Asks a WSGI application for each target; the worker ends when one fails."""
    for target in targets:
        try:
            status = _ask_wsgi(app, target, constants)
        except BaseException as error:  # SystemExit too
            control.failed("warm_up", f"GET {target} failed\n{traceback_text(error)}")
        _check(target, status, control)


async def asgi(app: Callable[..., Awaitable[None]], targets: list[str], root_path: str,
               state: dict[str, Any], control: Control) -> None:
    """Asks an ASGI application, which has started, for each target; likewise."""
    for target in targets:
        try:
            status = await _ask_asgi(app, target, root_path, state)
        except BaseException as error:
            control.failed("warm_up", f"GET {target} failed\n{traceback_text(error)}")
        _check(target, status, control)


def _check(target: str, status: int, control: Control) -> None:
    if status == 0:
        control.failed("warm_up", f"GET {target} was not answered")
    if status >= 500:
        control.failed("warm_up", f"GET {target} was answered {status}")


def _ask_wsgi(app: Callable[..., Any], target: str, constants: dict[str, Any]) -> int:
    """The status of the answer; 0 when there is none."""
    path, _, query = target.partition("?")
    path = urllib.parse.unquote(path, "latin-1")
    root = constants["SCRIPT_NAME"]
    if root and f"{path}/".startswith(f"{root}/"):
        path = path[len(root):]
    environ = {
        **constants, "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query,
        "RAW_URI": target, "REQUEST_URI": target, "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost", "HTTP_USER_AGENT": USER_AGENT,
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
    }
    statuses = []

    def start_response(status: str, headers: list[tuple[str, str]],
                       exc_info: Any = None) -> Callable[[bytes], None]:
        statuses.append(int(status[:3]))
        return lambda body: None

    body = app(environ, start_response)
    try:
        for _ in body:
            pass
    finally:
        if hasattr(body, "close"):
            body.close()
    return statuses[-1] if statuses else 0


async def _ask_asgi(app: Callable[..., Awaitable[None]], target: str, root_path: str,
                    state: dict[str, Any]) -> int:
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "method": "GET", "scheme": "http", "path": urllib.parse.unquote(path),
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": root_path,
        "headers": [(b"host", b"localhost"), (b"user-agent", USER_AGENT.encode())],
        "client": ("127.0.0.1", 0), "server": ("localhost", 80), "state": state.copy(),
    }
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    answered = asyncio.Event()
    statuses = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif not message.get("more_body", False):
            answered.set()

    await app(scope, receive, send)
    return statuses[-1] if statuses else 0
