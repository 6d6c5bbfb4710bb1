"""The load generator: one run of wrk, its figures, and how busy wrk itself was."""

import dataclasses
import pathlib
import re
import resource
import subprocess

from harness import paths, processes

FOLDER = pathlib.Path(__file__).parent
RESULT = re.compile(r"(\w+)=(-?\d+)")


@dataclasses.dataclass(frozen=True)
class Load:
    """What wrk saw. Latencies are None when nothing was answered."""

    requests: int
    seconds: float
    p50_us: int | None
    p99_us: int | None
    errors: int
    generator_busy: float

    @property
    def per_second(self):
        return self.requests / self.seconds


def wrk_command(url, *, connections, seconds, cores, pause_ms=None, threads=1):
    """pause_ms: what each connection waits before each request; None for as fast as it goes."""
    size = [f"-t{threads}", f"-c{connections}", f"-d{seconds}s"]
    pause = [] if pause_ms is None else ["--", str(pause_ms)]
    return processes.pinned(cores, ["wrk", *size, "-s", FOLDER / "wrk.lua", url, *pause])


def run_wrk(url, **options):
    """Runs wrk to its end; options as for wrk_command."""
    command = [str(word) for word in wrk_command(url, **options)]
    before = children_cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, cwd=paths.ROOT)
    cpu_seconds = children_cpu_seconds() - before
    line = next((row for row in done.stdout.splitlines() if row.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    values = {name: int(value) for name, value in RESULT.findall(line)}
    seconds = values["duration_us"] / 1e6
    answered = values["requests"] > 0
    return Load(
        requests=values["requests"],
        seconds=seconds,
        p50_us=values["p50_us"] if answered else None,
        p99_us=values["p99_us"] if answered else None,
        errors=values["errors"],
        generator_busy=cpu_seconds / seconds,
    )


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
