"""The start of a worker: which application, which interface, then serve it until told to stop."""

import faulthandler
import json
import os
import sys
from typing import Any

from headrace import interface as interfaces
from headrace.control import Control
from headrace.errors import AppError
from headrace.loading import Found, interpreter_hint, load
from headrace.log import Log, traceback_text
from headrace.report import Report

STANDARD_ERROR = 2


def main(text: str) -> None:
    """Runs the worker that the supervisor describes in JSON; returns when it was told to stop."""
    settings: dict[str, Any] = json.loads(text)
    prepare_interpreter()
    control = Control(settings["control_fd"])
    control.start(settings["stacks_signal"])
    serve(find_application(settings, control), settings, control)


def prepare_interpreter() -> None:
    """Makes this the process that an application expects to be imported in."""
    # What python -c leaves there is of no use to an application.
    sys.argv[:] = ["headrace"]
    if sys.path[0] == "":
        sys.path[0] = os.getcwd()
    elif os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    # Output goes through a pipe into the log: a print() shows there at once, and is not lost when
    # the worker is killed.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    faulthandler.enable(STANDARD_ERROR)


def serve(found: Found, settings: dict[str, Any], control: Control) -> None:
    """Serves the application until the supervisor says to stop."""
    os.set_inheritable(settings["log_fd"], False)
    log = Log(f"worker {settings['worker_id']}", settings["log_level"], settings["log_fd"])
    control.on_log_level = log.set_level
    report = Report(log, settings["debug"])
    settings["app"] = found.name
    if chosen_interface(found, settings, control) == "asgi":
        from headrace import asgi
        asgi.serve(found.app, settings, control, log, report)
    else:
        from headrace import wsgi
        wsgi.serve(found.app, settings, control, log, report)


def find_application(settings: dict[str, Any], control: Control) -> Found:
    """Imports the application. When that fails the supervisor is told why and the worker ends."""
    try:
        if settings["app"]:
            return load(settings["app"], settings["factory"])
        from headrace.discovery import discover
        return discover(settings["interface"], settings["factory"])
    except AppError as error:
        control.failed("import", str(error))
    except ModuleNotFoundError as error:
        control.failed("import", f"{traceback_text(error)}\n{interpreter_hint()}")
    except BaseException as error:  # SystemExit too: a script that was meant to be run
        control.failed("import", traceback_text(error))


def chosen_interface(found: Found, settings: dict[str, Any], control: Control) -> str:
    """"wsgi" or "asgi": as the settings say, else as the application looks."""
    if settings["interface"] != "auto":
        if callable(found.app):
            return settings["interface"]
    try:
        return interfaces.detect(found.app, found.name)
    except AppError as error:
        control.failed("import", str(error))
