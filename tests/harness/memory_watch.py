"""MemoryWatch: samples the memory of a server's processes from outside, without a pause.

It is a process of its own, so that the clients of a test do not hold it up: with the id of a
session as its argument it samples until its standard input ends, and then prints the highest sum.
"""

import json
import pathlib
import select
import subprocess
import sys

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.processes import in_session  # noqa: E402


class MemoryWatch:
    """As a context manager; afterwards: `peak_bytes`, whose it was (`peak`, by pid), and how many
    samples there were (`count`)."""

    def __init__(self, server):
        self.peak_bytes, self.peak, self.count = 0, {}, 0
        self._session = server.supervisor.pid
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, __file__, str(self._session)], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        output, _ = self._process.communicate(timeout=20)
        self.peak, self.count = json.loads(output)
        self.peak_bytes = sum(self.peak.values())


def sample(session):
    """PSS by pid. What is given back while it is taken does not count: no sum of two moments."""
    sizes = {}
    for process in in_session(session):
        try:
            sizes[process] = process.proportional_bytes()
        except (OSError, KeyError):
            continue  # it has ended meanwhile
    return {process.pid: min(size, resident_bytes(process)) for process, size in sizes.items()}


def resident_bytes(process):
    try:
        return process.resident_bytes()
    except (OSError, KeyError):
        return 0


def watch(session):
    peak, count = {}, 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        sizes = sample(session)
        count += 1
        if sum(sizes.values()) > sum(peak.values()):
            peak = sizes
    print(json.dumps([peak, count]))


if __name__ == "__main__":
    watch(int(sys.argv[1]))
