"""Serves a WSGI application (PEP 3333) with threads over the extension module."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from headrace import __version__, _worker
from headrace.control import Control
from headrace.file_wrapper import FileWrapper
from headrace.log import Log
from headrace.report import Report
from headrace.wsgi_watch import WsgiWatch


def serve(app: Callable[..., Any], settings: dict[str, Any], control: Control, log: Log,
          report: Report) -> None:
    """Answers requests until the supervisor asks to stop and what was taken is finished."""
    if settings["warm_up"]:
        from headrace import warm_up
        warm_up.wsgi(app, settings["warm_up"], constants(settings), control)
    count = settings["threads"]
    server = _worker.WsgiServer(app, settings, report, constants(settings))
    threads = [threading.Thread(target=server.serve, name=f"headrace-{number}")
               for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    control.watch = WsgiWatch(server, log)
    control.on_stop = server.stop
    control.ready("wsgi", settings["app"], count)
    for thread in threads:
        thread.join()


def constants(settings: dict[str, Any]) -> dict[str, Any]:
    """What every environ has in common; the extension module adds the rest."""
    return {
        "SERVER_SOFTWARE": f"headrace/{__version__}",
        # Bytes as Latin-1 characters, like every native string of WSGI.
        "SCRIPT_NAME": settings["root_path"].encode().decode("latin-1"),
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": settings["threads"] > 1,
        "wsgi.multiprocess": True,  # there may be more workers at any time
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
