"""The facts without which a figure means nothing: machine, kernel, versions, date."""

import datetime
import os
import pathlib
import platform
import re

from harness import servers

PACKAGES = ["flask", "fastapi", "starlette", "uvloop", "httptools"]


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found.group(1) if found else platform.machine()


def memory_gib():
    text = pathlib.Path("/proc/meminfo").read_text()
    return int(re.search(r"MemTotal:\s*(\d+)", text).group(1)) / (1 << 20)


def busy_seconds():
    """CPU seconds that all cores spent on anything, time stolen by other machines included."""
    line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    user, nice, system, _idle, _iowait, *interrupts_and_steal = map(int, line.split()[1:9])
    return (user + nice + system + sum(interrupts_and_steal)) / os.sysconf("SC_CLK_TCK")


def facts(used_servers):
    """Lines for the head of a results section."""
    now = datetime.datetime.now(datetime.timezone.utc)
    versions = [server.version() for server in used_servers]
    packages = [f"{name} {servers.package_version(name)}" for name in PACKAGES]
    python = servers.output_of(servers.paths.PYTHON, "--version")
    return [
        f"Date: {now:%Y-%m-%d %H:%M} UTC",
        f"Machine: {processor()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB, "
        f"Linux {platform.release()}",
        f"Versions: {', '.join(versions)}",
        f"Around them: {python}, {', '.join(packages)}, "
        f"{servers.output_of('wrk', '-v').partition(' [')[0]}",
    ]
