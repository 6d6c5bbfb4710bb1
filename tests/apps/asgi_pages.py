"""ASGI 3 in all its corners, one a path: /<name of the function>."""

import asyncio
import contextvars
import json
import os

import gate

events = []   # what happened so far; GET /events_so_far
variable = contextvars.ContextVar("variable", default="unset")


async def whole(send, content, status=200):
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": content.encode()})


async def start(send):
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def scope(scope, receive, send):
    await whole(send, json.dumps(scope, default=lambda value: value.decode("latin-1")))


async def events_so_far(scope, receive, send):
    await whole(send, json.dumps(events))


async def release(scope, receive, send):
    gate.release()
    await whole(send, "released")


async def process_id(scope, receive, send):
    await whole(send, str(os.getpid()))


async def loop(scope, receive, send):
    await whole(send, type(asyncio.get_running_loop()).__module__)


async def streamed(scope, receive, send):
    """Pieces that wait for a permit each."""
    await start(send)
    for piece in (b"one", b"two", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await gate.wait_async()
    await send({"type": "http.response.body", "body": b"end"})


async def upload(scope, receive, send):
    """Notes the pieces of the body as they arrive."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            events.append(f"upload cut off after {size}")
            return
        size += len(message["body"])
        events.append(f"upload {size}")
        if not message["more_body"]:
            break
    await whole(send, str(size))


async def upload_slow(scope, receive, send):
    """Takes no more of the body until it has a permit."""
    await gate.wait_async()
    await upload(scope, receive, send)


async def disconnect(scope, receive, send):
    """Waits until its client is gone."""
    message = await receive()
    events.append(f"first {message['type']}")
    message = await receive()
    events.append(f"then {message['type']}")
    try:
        await whole(send, "nobody reads this")
        events.append("send returned")
    except OSError:
        events.append("send raised OSError")


async def receive_after_end(scope, receive, send):
    """receive() after the response is complete says http.disconnect."""
    await receive()
    await whole(send, "complete")
    events.append(f"after the end {(await receive())['type']}")


async def endless(scope, receive, send):
    """Sends until its client is gone; notes how far it came."""
    async def gone():
        while (await receive())["type"] != "http.disconnect":
            pass

    listener = asyncio.create_task(gone())
    await start(send)
    sent = 0
    try:
        while not listener.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            sent += 65536
            events[:] = [event for event in events if not event.startswith("sent ")]
            events.append(f"sent {sent}")
            await asyncio.sleep(0)
    finally:
        listener.cancel()
        events.append("endless ended")


async def set_variable(scope, receive, send):
    """Sets without suspending, so that it may run without a task of its own."""
    found, _ = variable.get(), variable.set("set by another request")
    await whole(send, found)


async def set_variable_slowly(scope, receive, send):
    found, _ = variable.get(), variable.set(scope["query_string"].decode())
    await asyncio.sleep(0.01)
    await receive()
    await whole(send, f"{found} {variable.get()}")


async def current_task(scope, receive, send):
    """Code that asks for its task, as anyio does, finds one."""
    async with asyncio.timeout(5):
        await asyncio.sleep(0)
    await whole(send, "a task" if asyncio.current_task() else "none")


async def held(scope, receive, send):
    events.append("held")
    await gate.wait_async()
    await whole(send, "released")


async def state(scope, receive, send):
    scope["state"]["seen"] = scope["state"].get("seen", 0) + 1
    await whole(send, f"{scope['state']['from']} {scope['state']['seen']}")


PAGES = {name: value for name, value in globals().items() if asyncio.iscoroutinefunction(value)}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    if scope["type"] != "http":
        raise RuntimeError(f"no {scope['type']} here")
    path = scope["path"].removeprefix(scope["root_path"])
    await PAGES[path.strip("/").split("/")[0] or "process_id"](scope, receive, send)


async def lifespan(scope, receive, send):
    """LIFESPAN=failed lets the startup fail."""
    assert (await receive())["type"] == "lifespan.startup"
    if os.environ.get("LIFESPAN") == "failed":
        return await send({"type": "lifespan.startup.failed", "message": "no database today"})
    if "state" in scope:
        scope["state"]["from"] = "lifespan"
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await asyncio.sleep(0.05)
    print("shutdown was awaited", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


class Callable:
    """An application that is an object with an asynchronous __call__."""

    async def __call__(self, scope, receive, send):
        await app(scope, receive, send)


instance = Callable()
