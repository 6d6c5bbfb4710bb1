"""Control: the worker's line to its supervisor, one JSON object a datagram."""

import json
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

MESSAGE_SIZE_MAX = 64 << 10


class Control:
    """Tells the supervisor how the start went, and hears when to stop.

    A stop comes as the message {"event": "stop"} or as SIGTERM; either calls `on_stop`, from any
    thread, perhaps more than once. Until something else is set the worker simply exits, since it
    has taken no request yet. When the supervisor is gone the worker exits at once.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        os.set_inheritable(fd, False)
        self.on_stop: Callable[[], None] = lambda: os._exit(0)

    def start(self) -> None:
        """Begins to listen. Call it from the main thread, which signals are delivered to."""
        # Ctrl-C reaches the whole process group; the supervisor tells each worker when to stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: self.on_stop())
        threading.Thread(target=self._listen, name="headrace-control", daemon=True).start()

    def ready(self, interface: str, app: str, threads: int) -> None:
        """The application is loaded and requests may come."""
        self._send({"event": "ready", "interface": interface, "app": app,
                    "python": platform.python_version(), "threads": threads})

    def failed(self, phase: str, message: str) -> NoReturn:
        """The worker cannot start: tells so and ends it with code 1.

        `phase` is "import", "startup" or "config". Threads that the application has started
        already do not hold the exit up.
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
            if json.loads(datagram).get("event") == "stop":
                self.on_stop()
