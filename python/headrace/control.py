"""Control: the worker's line to its supervisor, one JSON object a datagram."""

import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from headrace.watch import NothingToWatch, Watch

MESSAGE_SIZE_MAX = 64 << 10
DESCRIPTORS_MAX = 253  # in one message, a limit of Linux


class Control:
    """Tells the supervisor how the start went, and hears when to stop.

    A stop comes as the message {"event": "stop"} or as SIGTERM; either calls `on_stop`, from any
    thread, perhaps more than once. Until something else is set the worker simply exits, since it
    has taken no request yet. Questions about what runs go to `watch`. When the supervisor is gone
    the worker exits at once.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        os.set_inheritable(fd, False)
        self.on_stop: Callable[[], None] = lambda: os._exit(0)
        self.watch: Watch = NothingToWatch()
        self.on_log_level: Callable[[str], None] = lambda level: None

    def start(self, stacks_signal: int) -> None:
        """Begins to listen. Call it from the main thread, which signals are delivered to.

        `stacks_signal` writes the stacks of all threads to standard error, as a crash does. Both
        work while C code holds the interpreter.
        """
        faulthandler.register(stacks_signal, file=2, all_threads=True, chain=False)
        # Ctrl-C reaches the whole process group; the supervisor tells each worker when to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: self.on_stop())
        threading.Thread(target=self._listen, name="headrace-control", daemon=True).start()

    def born(self) -> None:
        """A template has made this worker."""
        self._send({"event": "born", "pid": os.getpid()})

    def next_order(self) -> tuple[str, list[int]]:
        """Only for the template: waits until a worker is wanted.

        Returns what a worker gets at its start (JSON), and its descriptors. When the supervisor is
        gone the process exits.
        """
        self._send({"event": "idle"})
        try:
            message, descriptors, _, _ = socket.recv_fds(
                self._socket, MESSAGE_SIZE_MAX, DESCRIPTORS_MAX, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            message = b""
        if not message:
            os._exit(1)
        return message.decode(), descriptors

    def close(self) -> None:
        """Closes this process's end, which it has from the template."""
        self._socket.close()

    def ready(self, interface: str, app: str, threads: int) -> None:
        """The application is loaded and requests may come."""
        self._send({"event": "ready", "interface": interface, "app": app,
                    "python": sys.version.split()[0], "threads": threads})

    def failed(self, phase: str, message: str) -> NoReturn:
        """The worker cannot start: tells so and ends it with code 1.

        `phase` is "import", "startup", "warm_up" or "config". Threads that the application has
        started already do not hold the exit up.
        """
        limit = MESSAGE_SIZE_MAX // 4  # JSON may need several bytes for a character
        if len(message) > limit:
            message = f"{message[:limit // 2]}\n...\n{message[-limit // 2:]}"
        self._send({"event": "failed", "phase": phase, "message": message})
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass
        os._exit(1)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(message).encode())
        except OSError:
            os._exit(1)  # the supervisor is gone

    def _listen(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(MESSAGE_SIZE_MAX)
            except OSError:
                datagram = b""
            if not datagram:
                os._exit(1)
            message = json.loads(datagram)
            if message.get("event") == "stop":
                self.on_stop()
                continue
            try:
                self._see_to(message)
            except Exception:
                traceback.print_exc()  # a stack less in the log; the line must hold

    def _see_to(self, message: dict[str, Any]) -> None:
        if message["event"] == "overdue":
            self._send({"event": "heard", "id": message["id"]})
            self.watch.overdue(message)
        elif message["event"] == "log_level":
            self.on_log_level(message["level"])
        elif message["event"] == "stacks":
            self._send({"event": "stacks", "id": message["id"],
                        "stacks": fitting(self.watch.stacks())})


def fitting(stacks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stacks that one message has room for; a last entry says how many it lacks."""
    room = MESSAGE_SIZE_MAX // 2
    kept = []
    for number, stack in enumerate(stacks):
        room -= len(json.dumps(stack))
        if room < 0:
            left_out = f"{len(stacks) - number} more threads and tasks are left out"
            return [*kept, {"name": left_out, "request": None, "frames": []}]
        kept.append(stack)
    return kept
