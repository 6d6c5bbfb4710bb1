"""Answers with its environment, command and place, as JSON."""

import json
import os
import sys
import threading


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({
        "environment": dict(os.environ), "folder": os.getcwd(), "python": sys.executable,
        "pid": os.getpid(), "path": sys.path, "threads": threading.active_count(),
        "descriptors": sorted(os.listdir("/proc/self/fd")), "arguments": sys.argv,
    }).encode()]
