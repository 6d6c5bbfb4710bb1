"""What a worker imports before it answers: all of it is time that a start, or a restart, takes."""

import subprocess

import pytest
from harness.server import PYTHON, Server, environment

# Each interface stands on these, and on what they import themselves.
FOUNDATIONS = {
    "wsgi": "import inspect, json, signal, socket, threading, traceback, typing",
    "asgi": "import json, asyncio\ntry: import uvloop\nexcept ImportError: pass",
}
PACKAGE = {"headrace", *(f"headrace.{name}" for name in (
    "_worker", "control", "errors", "interface", "loading", "log", "report", "stacks", "watch",
    "worker"))}
OURS = {
    "wsgi": PACKAGE | {f"headrace.{name}" for name in ("file_wrapper", "wsgi", "wsgi_watch")},
    "asgi": PACKAGE | {f"headrace.{name}" for name in ("asgi", "asgi_lifespan", "asgi_watch",
                                                         "task_stacks")},
}
SMALL = {"faulthandler", "gc"}   # built into the interpreter


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_imports(interface):
    """A worker of the smallest application has imported nothing that only some workers need.

    What is missed here should be imported where it is needed, unless every worker needs it.
    """
    with Server(f"imported:{interface}", "--workers", "1") as server:
        served = set(server.get("/").body.decode().split())
    listing = f"{FOUNDATIONS[interface]}\nimport sys\nprint(*sys.modules)"
    bare = subprocess.run([PYTHON, "-c", listing], env=environment(), text=True, check=True,
                          capture_output=True).stdout.split()
    assert served - set(bare) - SMALL - {"imported"} == OURS[interface]
