"""The server under test as a process tree: started, watched, stopped and checked for leftovers."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .processes import Process, in_session
from .wait import eventually
from .wire import Connection, Truncated

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
APPS = REPOSITORY / "tests" / "apps"
BINARY = os.environ.get("HEADRACE_BINARY", str(REPOSITORY / "build" / "headrace"))
PYTHON = "/usr/bin/python3"
# The preload of workers is how a sanitizer build is tested: memory figures mean nothing there.
SANITIZED = bool(os.environ.get("HEADRACE_WORKER_PRELOAD"))
START_TIMEOUT = 30.0
STOP_TIMEOUT = 20.0
# What a crash or a sanitizer prints. Fails the test even when the supervisor hid the accident.
ACCIDENT = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|ThreadSanitizer"
                      r"|ASSERT(ION)? failed|assertion failed|Fatal Python error", re.I)


def environment(extra=None):
    """This process's environment without what would configure the server by accident."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("HEADRACE_", "LISTEN_", "PYTEST_"))
            and name not in ("PORT", "WEB_CONCURRENCY", "NOTIFY_SOCKET", "VIRTUAL_ENV",
                             "PYTHONPATH")}
    if SANITIZED:
        kept["HEADRACE_WORKER_PRELOAD"] = os.environ["HEADRACE_WORKER_PRELOAD"]
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept.update(extra or {})
    return kept


def headrace(*arguments, cwd=APPS, env=None, timeout=20.0, preexec=None):
    """Run a command that ends by itself; returns subprocess.CompletedProcess with .seconds."""
    started = time.monotonic()
    process = subprocess.Popen(
        [BINARY, *map(str, arguments)], cwd=cwd, env=environment(env), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=preexec)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{arguments} does not end") from error
    finally:
        leftovers = in_session(process.pid)
        for member in leftovers:
            member.kill()
        process.wait()
    assert not leftovers, f"{arguments} left behind {leftovers}"
    finished = subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)
    finished.seconds = time.monotonic() - started
    finished.output = stdout + stderr
    return finished


class PortReservation:
    """A port of our own: bound without listening, so nobody else gets it, but the server can."""

    def __init__(self, host="127.0.0.1"):
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, 0))
        self.address = self._socket.getsockname()[:2]

    @property
    def bind(self):
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def close(self):
        self._socket.close()


class Server:
    """`headrace run APP OPTIONS` on an address of its own, as a context manager.

    bind: 'tcp', 'tcp6', 'unix', or None when the test says by itself where to listen; it then
    gives `address`, or leaves it to be read from the banner. Commands reach it at `control`.
    probe: the path asked until it answers (None: a connection is enough). launcher: a command put
    before the server's.
    The exit checks that SIGTERM ends it with code 0 and that no process of its tree is left.
    """

    used = set()   # servers that this test has talked to, for its report when it fails

    def __init__(self, app, *options, bind="tcp", address=None, probe="/", cwd=APPS, env=None,
                 launcher=(), preexec=None, pass_fds=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="headrace-test-"))
        self._reservation = None
        self.address = address
        command = [*map(str, launcher), BINARY, "run", *([app] if app else [])]
        if bind == "unix":
            self.address = str(self.folder / "socket")
            command += ["--bind", f"unix:{self.address}"]
        elif bind:
            self._reservation = PortReservation("::1" if bind == "tcp6" else "127.0.0.1")
            self.address = self._reservation.address
            command += ["--bind", self._reservation.bind]
        if "--python" not in options:
            command += ["--python", PYTHON]
        self.start_command = [*command, *map(str, options)]
        self.control = str(self.folder / "control")
        env = {"HEADRACE_CONTROL": self.control, **(env or {})}
        self._popen_options = {"cwd": cwd, "env": environment(env), "preexec_fn": preexec,
                               "pass_fds": pass_fds, "stdin": subprocess.DEVNULL,
                               "start_new_session": True}
        self._probe = probe
        self._popen = None
        self._last_log = ""
        self.expected_accident = None  # a regular expression: what the test itself has caused

    # Life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self._popen.poll() is None:
                self.stop()
        finally:
            self.destroy()

    def start(self):
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            self._popen = subprocess.Popen(self.start_command, stdout=out, stderr=err,
                                           **self._popen_options)
        Server.used.add(self)
        try:
            eventually(self._answers, START_TIMEOUT, "the first answer")
        except BaseException:
            self.destroy()
            raise

    def _answers(self):
        assert self._popen.poll() is None, f"the server ended: {self.exit_code}\n{self.log()}"
        if self.address is None:
            found = re.search(r"127\.0\.0\.1:([1-9]\d*)", self.log())
            if not found:
                return False
            self.address = ("127.0.0.1", int(found[1]))
        try:
            with self.connect() as connection:
                if self._probe is None:
                    return True
                return connection.exchange("GET", self._probe).status not in (502, 503, 504)
        except (ConnectionRefusedError, FileNotFoundError, Truncated):
            return False

    def stop(self, number=signal.SIGTERM, timeout=STOP_TIMEOUT):
        """Ask it to end and check that it does so cleanly."""
        self._popen.send_signal(number)
        assert self.wait(timeout) == 0, f"exit code {self.exit_code}\n{self.log()}"
        self.expect_nothing_left()
        log = self.log()
        if self.expected_accident:
            log = re.sub(self.expected_accident, "", log)
        assert not ACCIDENT.search(log), log

    def wait(self, timeout=STOP_TIMEOUT):
        """Its exit code, once it has ended."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running after {timeout} s\n{self.log()}") from error

    @property
    def exit_code(self):
        return self._popen.poll()

    def expect_nothing_left(self, timeout=2.0):
        eventually(lambda: not in_session(self._popen.pid), timeout,
                   f"the end of all processes, now {in_session(self._popen.pid)},")

    def destroy(self):
        """End what still runs and remove its files; checks nothing."""
        if self._popen:
            for process in in_session(self._popen.pid):
                process.kill()
            self._popen.wait()
        if self._reservation:
            self._reservation.close()
        self._last_log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words, **options):
        """`headrace WORDS...` to this server; returns as headrace() does."""
        return headrace(*words, "--control", self.control, **options)

    def status(self):
        """What `headrace status --json` says."""
        ended = self.command("status", "--json")
        assert ended.returncode == 0, ended.output
        return json.loads(ended.stdout)

    # Looking at it

    def log(self):
        """All that it has printed: standard error, then standard output."""
        if not self.folder.exists():
            return self._last_log
        return "".join((self.folder / name).read_text(errors="replace")
                       for name in ("stderr", "stdout"))

    def wait_log(self, pattern, timeout=10.0):
        """The match of a regular expression in the log, once it is there."""
        return eventually(lambda: re.search(pattern, self.log(), re.M), timeout,
                          f"{pattern!r} in the log")

    @property
    def supervisor(self):
        return Process(self._popen.pid)

    def edges(self):
        program = self.supervisor.program()
        return [child for child in self.supervisor.children() if child.program() == program]

    def workers(self):
        program = self.supervisor.program()
        return [child for child in self.supervisor.children() if child.program() != program]

    @property
    def edge(self):
        return eventually(lambda: len(self.edges()) == 1 and self.edges(), 10, "one edge")[0]

    @property
    def worker(self):
        return eventually(lambda: len(self.workers()) == 1 and self.workers(), 10, "one worker")[0]

    def processes(self):
        return self.supervisor.children()

    # Talking to it

    def connect(self, **options):
        Server.used.add(self)
        return Connection(self.address, **options)

    def request(self, method="GET", target="/", *fields, **options):
        """One exchange on a connection of its own."""
        with self.connect() as connection:
            return connection.exchange(method, target, *fields, **options)

    def get(self, target="/", *fields, **options):
        return self.request("GET", target, *fields, **options)

    def post(self, target, body=b"", *fields, **options):
        return self.request("POST", target, *fields, body=body, **options)
