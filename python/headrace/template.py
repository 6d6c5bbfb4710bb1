"""The template: imports the application once, then makes workers, each a copy with all of it."""

import gc
import json
import os
import threading
import time
from typing import Any

from headrace import _worker
from headrace.control import Control
from headrace.log import Log
from headrace.worker import find_application, prepare_interpreter, serve

FIRST_DESCRIPTOR = 3
STANDARD_OUTPUT = 1
STANDARD_ERROR = 2
ADOPTION_POLL_SECONDS = 0.0005


def main(text: str) -> None:
    """Makes workers as long as there is a supervisor. Returns only in a worker that was stopped."""
    settings: dict[str, Any] = json.loads(text)
    supervisor = os.getppid()
    prepare_interpreter()
    control = Control(settings["control_fd"])
    os.set_inheritable(settings["log_fd"], False)
    log = Log("template", settings["log_level"], settings["log_fd"])
    found = find_application(settings, control)
    warn_of_threads(log)
    # What is garbage now would be in every worker. The rest is never looked at again by the
    # collector, so that it does not write to the pages which the workers share.
    gc.collect()
    gc.freeze()
    while True:
        order, descriptors = control.next_order()
        if fork(log):
            break
        for fd in descriptors:
            os.close(fd)
    control.close()
    os.close(settings["log_fd"])
    become_worker(supervisor, descriptors[0])
    start = renumbered(json.loads(order), descriptors[1:])
    worker_control = Control(start["control_fd"])
    worker_control.born()
    worker_control.start(start["stacks_signal"])
    serve(found, start, worker_control)


def warn_of_threads(log: Log) -> None:
    """A thread of this process is not there in its copies, and what it had locked stays locked."""
    names = [thread.name for thread in threading.enumerate()
             if thread is not threading.main_thread()]
    native = len(os.listdir("/proc/self/task")) - 1 - len(names)
    if native > 0:
        names.append(f"{native} not of Python")
    if names:
        log.warning(f"preload: importing the application has started threads ({', '.join(names)}); "
                    "they do not run in the workers, which may wait for them for ever")


def fork(log: Log) -> bool:
    """Makes a copy of this process that is an orphan; True in the copy."""
    try:
        between = os.fork()
    except OSError as error:
        log.error(f"cannot make a worker: {error}")
        return False
    if between != 0:
        try:
            _, status = os.waitpid(between, 0)
        except ChildProcessError:  # the application has it that ended children are not waited for
            return False
        if status != 0:
            log.error("cannot make a worker: fork failed")
        return False
    between = os.getpid()
    try:
        if os.fork() != 0:
            os._exit(0)
    except OSError:
        os._exit(1)
    while os.getppid() == between:
        time.sleep(ADOPTION_POLL_SECONDS)
    return True


def become_worker(supervisor: int, output: int) -> None:
    """Ties this copy to the supervisor, its parent by now, and gives it an output of its own."""
    if not _worker.follow_parent(supervisor):
        os._exit(1)  # the supervisor is gone
    os.dup2(output, STANDARD_OUTPUT)
    os.dup2(output, STANDARD_ERROR)
    os.close(output)


def renumbered(start: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """What a worker gets at its start, with the numbers that its descriptors have here."""
    def number(value: int) -> int:
        return descriptors[value - FIRST_DESCRIPTOR]

    for key, value in start.items():
        if key.endswith("_fd"):
            start[key] = number(value)
    for channel in start["channels"]:
        for key, value in channel.items():
            channel[key] = number(value)
    return start
