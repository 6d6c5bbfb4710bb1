"""Every way in which a request can hang, once for WSGI and once for ASGI."""

import asyncio
import ctypes
import os
import pathlib
import socket
import threading
import time
import urllib.parse

HANG_SECONDS = 600
# Called with the interpreter's lock held, unlike those of ctypes.CDLL.
LIBC = ctypes.PyDLL(None)
cleaned_up = []


def sleep(query):
    time.sleep(HANG_SECONDS)


def socket_read(query):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.recv(1)


def lock(query):
    mutex = threading.Lock()
    mutex.acquire()
    mutex.acquire()


def python_loop(query):
    while True:
        pass


def gil(query):
    """C code that keeps the interpreter, for a time."""
    LIBC.usleep(int(float(query.get("seconds", HANG_SECONDS)) * 1e6))


def held(query):
    while not os.path.exists(query["file"]):
        time.sleep(0.005)


KINDS = {f"/{kind.__name__}": kind for kind in (sleep, socket_read, lock, python_loop, gil, held)}


def wsgi(environ, start_response):
    """/KIND hangs, /cleaned says which requests could clean up, all else answers at once."""
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    path = environ["PATH_INFO"]
    try:
        if path in KINDS:
            touch(query)
            KINDS[path](query)
    except BaseException as error:
        cleaned_up.append(type(error).__name__)
        raise
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer(path)]


async def asgi(scope, receive, send):
    """The same in the event loop; /awaits waits for what never comes, /task in a task of its own,
    /thread in a thread, /held for a file; /thread/KIND hangs in a thread; /stream sends until it is
    told to end, /deaf for ever."""
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    query = dict(urllib.parse.parse_qsl(scope["query_string"].decode()))
    path = scope["path"]
    if path in ("/stream", "/deaf"):
        return await stream(receive, send, query, listens=path == "/stream")
    try:
        await act(path, query)
    except BaseException as error:
        cleaned_up.append(type(error).__name__)
        raise
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer(path)})


async def act(path, query):
    if path == "/held":
        touch(query)
        while not os.path.exists(query["file"]):
            await asyncio.sleep(0.005)
    elif path == "/awaits":
        touch(query)
        await asyncio.Event().wait()
    elif path == "/task":
        await asyncio.create_task(blocking_task(query))
    elif path == "/thread":
        touch(query)
        await asyncio.to_thread(held, query)
    elif path.startswith("/thread/"):
        touch(query)
        await asyncio.to_thread(in_thread, KINDS[path.removeprefix("/thread")], query)
    elif path in KINDS:
        touch(query)
        KINDS[path](query)


def in_thread(kind, query):
    """As a framework runs a plain function."""
    try:
        kind(query)
    except BaseException as error:
        cleaned_up.append(f"{type(error).__name__} in its thread")
        raise


async def blocking_task(query):
    touch(query)
    time.sleep(HANG_SECONDS)


async def stream(receive, send, query, listens):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begin ", "more_body": True})
    touch(query)
    while not listens or (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0.005)
    await send({"type": "http.response.body", "body": b"end"})


def touch(query):
    """Says that the request has begun, and in which process."""
    if "started" in query:
        pathlib.Path(query["started"]).write_text(str(os.getpid()), encoding="ascii")


def answer(path):
    if path == "/cleaned":
        return " ".join(cleaned_up).encode()
    return str(os.getpid()).encode()
