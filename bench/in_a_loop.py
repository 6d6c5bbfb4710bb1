"""The application's own floor: the same app called in a loop, with no server around it.

    in_a_loop.py wsgi|asgi MODULE:ATTRIBUTE SECONDS [BODY_FILE]

Prints one JSON object: calls per second and CPU microseconds per call. Writes the bytes of the
answer to BODY_FILE: what every server must send for this app.
"""

import asyncio
import importlib
import io
import json
import sys
import time

BATCH_CALLS = 50

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "RAW_URI": "/",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_SOFTWARE": "in-a-loop",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "40000",
    "HTTP_HOST": "127.0.0.1:8000",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 40000),
    "scheme": "http",
    "method": "GET",
    "root_path": "",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1:8000")],
}


class Stopwatch:
    """Counts calls until the time is over; reads the clocks once a batch."""

    def __init__(self, seconds):
        self.calls = 0
        self.wall = time.perf_counter()
        self.cpu = time.process_time()
        self.deadline = self.wall + seconds

    def running(self):
        self.calls += BATCH_CALLS
        return time.perf_counter() < self.deadline

    def result(self):
        wall = time.perf_counter() - self.wall
        cpu = time.process_time() - self.cpu
        return {"per_second": self.calls / wall, "cpu_us": cpu / self.calls * 1e6}


def start_response(status, fields, exc_info=None):
    return None


def call_wsgi(app):
    chunks = app(ENVIRON.copy(), start_response)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return body


def measure_wsgi(app, seconds):
    body = call_wsgi(app)
    for _ in range(BATCH_CALLS):
        call_wsgi(app)
    watch = Stopwatch(seconds)
    while True:
        for _ in range(BATCH_CALLS):
            call_wsgi(app)
        if not watch.running():
            return watch.result(), body


async def measure_asgi(app, seconds):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    async def call():
        sent.clear()
        await app(SCOPE.copy(), receive, send)

    await call()
    body = b"".join(message.get("body", b"") for message in sent)
    for _ in range(BATCH_CALLS):
        await call()
    watch = Stopwatch(seconds)
    while True:
        for _ in range(BATCH_CALLS):
            await call()
        if not watch.running():
            return watch.result(), body


def main():
    interface, target, seconds, *body_file = sys.argv[1:]
    sys.path.insert(0, "")
    module, _, attribute = target.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    if interface == "wsgi":
        result, body = measure_wsgi(app, float(seconds))
    else:
        import uvloop

        uvloop.install()
        result, body = asyncio.run(measure_asgi(app, float(seconds)))
    if body_file:
        with open(body_file[0], "wb") as file:
            file.write(body)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
