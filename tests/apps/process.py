"""A WSGI application that tells about its process, writes to its output, and ends it."""

import ctypes
import json
import os
import resource
import signal
import sys
import threading

IMPORTED_BY = os.getpid()


def describe():
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    mask = os.umask(0)
    os.umask(mask)
    return {
        "pid": os.getpid(), "parent": os.getppid(), "imported_by": IMPORTED_BY,
        "user": os.getuid(), "groups": sorted(os.getgroups()), "group": os.getgid(),
        "umask": mask, "files_max": resource.getrlimit(resource.RLIMIT_NOFILE),
        "core_max": resource.getrlimit(resource.RLIMIT_CORE), "directory": os.getcwd(),
        "capabilities": int(status["CapEff"], 16), "environment": dict(os.environ),
        "descriptors": [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                        if os.path.exists(f"/proc/self/fd/{fd}")],
    }


def write(text, stream):
    print(text, file=stream)


ACTIONS = {
    "/print": lambda query: write(query, sys.stdout),
    "/complain": lambda query: write(query, sys.stderr),
    "/unfinished": lambda query: (sys.stdout.write(query), sys.stdout.flush()),
    "/flood": lambda query: [write("x" * 99, sys.stdout) for _ in range(int(query))],
    "/line": lambda query: write("y" * int(query), sys.stdout),
    "/die": lambda query: (write("my last words", sys.stdout), os.kill(os.getpid(), int(query))),
    "/crash": lambda query: ctypes.string_at(0),
    "/exit": lambda query: os._exit(int(query)),
    "/interrupt": lambda query: signal.raise_signal(signal.SIGINT),
    "/threads": lambda query: [thread.name for thread in threading.enumerate()],
}


def app(environ, start_response):
    action = ACTIONS.get(environ["PATH_INFO"])
    answer = action(environ["QUERY_STRING"]) if action else describe()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer if isinstance(answer, (dict, list)) else None).encode()]
