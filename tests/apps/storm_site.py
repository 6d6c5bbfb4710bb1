"""What harness/storm.py asks for, behind WSGI and behind ASGI. It starts quickly.

/quick?N, /slow?N and /leak?N answer their path and query; /upload the SHA-256 of the body;
/stream?N sends N pieces, number I being the eight digits of I, 512 times.
"""

import asyncio
import hashlib
import time

SLOW_SECONDS = 0.2
BETWEEN_PIECES_SECONDS = 0.05
LEAKED_BYTES = 1 << 20
UPLOAD_STEP = 64 << 10
leaked = []


def answer(path, query):
    if path == "/leak":
        leaked.append(b"x" * LEAKED_BYTES)
    return f"{path}?{query}".encode()


def piece(number):
    return b"%08d" % number * 512


def wsgi(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        return stream(int(query))
    if path == "/upload":
        return [digest(environ["wsgi.input"])]
    if path == "/slow":
        time.sleep(SLOW_SECONDS)
    return [answer(path, query)]


def stream(count):
    for number in range(count):
        time.sleep(BETWEEN_PIECES_SECONDS)
        yield piece(number)


def digest(file):
    found = hashlib.sha256()
    while data := file.read(UPLOAD_STEP):
        found.update(data)
    return found.hexdigest().encode()


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    path, query = scope["path"], scope["query_string"].decode()
    if path == "/upload":
        body = await digest_of_messages(receive)
    elif path == "/slow":
        await asyncio.sleep(SLOW_SECONDS)
        body = answer(path, query)
    elif path != "/stream":
        body = answer(path, query)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    if path != "/stream":
        return await send({"type": "http.response.body", "body": body})
    for number in range(int(query)):
        await asyncio.sleep(BETWEEN_PIECES_SECONDS)
        await send({"type": "http.response.body", "body": piece(number), "more_body": True})
    await send({"type": "http.response.body"})


async def digest_of_messages(receive):
    found, more = hashlib.sha256(), True
    while more:
        message = await receive()
        found.update(message["body"])
        more = message["more_body"]
    return found.hexdigest().encode()
