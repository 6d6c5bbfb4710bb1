"""Requests that a test holds: each waits until the file named by its query exists."""

import os
import pathlib
import time
import urllib.parse

TIMEOUT_SECONDS = 60


def app(environ, start_response):
    """/pid answers at once. /held?file=F&started=S makes S, waits for F; /streamed sends first."""
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    path = environ["PATH_INFO"]
    pid = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/streamed":
        return streamed(query, pid)
    if path == "/held":
        hold(query)
    elif path == "/busy":
        spend(float(query["seconds"]))
    elif path == "/memory":
        return [b"x" * int(query["bytes"])]
    return [pid]


def streamed(query, pid):
    yield b"first "
    hold(query)
    yield pid


def hold(query):
    if "started" in query:
        pathlib.Path(query["started"]).touch()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not os.path.exists(query["file"]) and time.monotonic() < deadline:
        time.sleep(0.005)


def spend(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass
