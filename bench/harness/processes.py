"""A server under test: its process tree, and what that tree costs in CPU time and memory."""

import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import time

from harness import paths

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_TIMEOUT_SECONDS = 5.0
START_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.001

# Fields of /proc/PID/stat, counted from the state, which follows the command's closing bracket.
PARENT, SESSION, CHILDREN_USER, CHILDREN_SYSTEM = 1, 3, 13, 14


class StartFailure(Exception):
    """The server ended or did not answer; the message is the end of what it printed."""


def stat_fields(pid):
    """The fields of /proc/PID/stat from the state on, or None when the process is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()


def tree_of(root):
    """The ids of root, of its descendants, and of all others in the session that it leads."""
    known = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat_fields(name)):
            known[int(name)] = fields
    tree = {pid for pid, fields in known.items() if int(fields[SESSION]) == root} | {root}
    grown = True
    while grown:
        children = {pid for pid, fields in known.items() if int(fields[PARENT]) in tree}
        grown = not children <= tree
        tree |= children
    return sorted(tree & known.keys())


def own_cpu_seconds(pid):
    """CPU time of all threads of a process, also of ended ones, to the nanosecond."""
    # The clock id of another process, as clock_getcpuclockid(3) computes it: Python has no call.
    process_clock = (~pid << 3) | 2
    try:
        return time.clock_gettime(process_clock)
    except OSError:
        return 0.0


def tree_cpu_seconds(root):
    """CPU time of the tree since it began, that of ended and reaped children included.

    A child that ends between two readings moves from its own clock to its parent's count, so the
    difference of two readings stays right, to a clock tick for each such child.
    """
    total = 0.0
    for pid in tree_of(root):
        if fields := stat_fields(pid):
            reaped = int(fields[CHILDREN_USER]) + int(fields[CHILDREN_SYSTEM])
            total += own_cpu_seconds(pid) + reaped / TICKS_PER_SECOND
    return total


def memory_kib(pid):
    """{"private": KiB, "proportional": KiB, "resident": KiB} of one process, or None."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    rows = dict(line.split(":", 1) for line in text.splitlines()[1:])
    kib = {name: int(value.split()[0]) for name, value in rows.items()}
    return {
        "private": kib["Private_Clean"] + kib["Private_Dirty"],
        "proportional": kib["Pss"],
        "resident": kib["Rss"],
    }


def open_descriptor_count(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, PermissionError):
        return 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(cores, command):
    """The command, limited to the cores ("0", "0-1")."""
    return ["taskset", "-c", cores, *command]


def raise_descriptor_limit(wanted):
    """For this process and the servers it starts; returns what was had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    elif soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class RunningServer:
    """A started server; use with `with`. It leads a session, and all of it ends on leaving."""

    def __init__(self, command, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self._log = tempfile.TemporaryFile()
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=paths.APPS,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until_answers(self):
        """Returns the seconds from the start to the end of the first answer."""
        deadline = self.started + START_TIMEOUT_SECONDS
        while time.perf_counter() < deadline:
            if self._process.poll() is not None:
                raise StartFailure(f"exit code {self._process.returncode}: {self.log_end()}")
            if self._answers(deadline):
                return time.perf_counter() - self.started
            time.sleep(POLL_SECONDS)
        raise StartFailure(f"no answer in {START_TIMEOUT_SECONDS:.0f} s: {self.log_end()}")

    def _answers(self, deadline):
        timeout = max(deadline - time.perf_counter(), POLL_SECONDS)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
                return client.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def tree(self):
        return tree_of(self.pid)

    def cpu_seconds(self):
        return tree_cpu_seconds(self.pid)

    def log(self):
        """All that it has printed."""
        # Without moving the position, at which the server writes.
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def log_end(self):
        lines = [line for line in self.log().splitlines() if line]
        return lines[-1] if lines else "it printed nothing"

    def stop(self):
        tree = self.tree()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in tree:
            fields = stat_fields(pid)
            # A left-over of this session only: the id may have a new owner by now.
            if fields and int(fields[SESSION]) == self.pid:
                os.kill(pid, signal.SIGKILL)
        self._log.close()


def clean_environment():
    """Nothing of the caller's Python, so that every server runs the interpreter it is given."""
    kept = {key: value for key, value in os.environ.items() if key in ("HOME", "LANG", "TMPDIR")}
    return kept | {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
