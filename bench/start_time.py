#!/usr/bin/python3
"""How long from the start of the server to its first answer?

The clock runs from the start of the command until a client, which tries to connect every
millisecond, has the first bytes of an answer from the smallest application. "python" is the
interpreter that imports this application and ends: no Python server can be faster. "python, uvloop"
imports uvloop as well, and asyncio with it: no ASGI server that uses these can be faster than that.
"""

import subprocess
import time

from harness import machine, options, paths, processes, report, rounds, servers

APPS = {"wsgi": "raw_wsgi:application", "asgi": "raw_asgi:application"}
PEERS = ["gunicorn", "uvicorn"]
WANTED_MS = 100


def start_seconds(server, interface):
    launch = rounds.launch_for(APPS[interface])
    with processes.RunningServer(server.command(launch), launch.port) as running:
        return running.wait_until_answers()


def interpreter_seconds(modules):
    started = time.perf_counter()
    command = [paths.PYTHON, "-c", f"import {modules}"]
    environment = processes.clean_environment()
    subprocess.run(command, cwd=paths.APPS, env=environment, check=True)
    return time.perf_counter() - started


def contestants_for(chosen):
    found = {}
    for server in chosen:
        for interface in sorted(server.interfaces):
            found[f"{server.name} ({interface})"] = (
                lambda server=server, interface=interface: start_seconds(server, interface)
            )
    found["python"] = lambda: interpreter_seconds("raw_wsgi")
    found["python, uvloop"] = lambda: interpreter_seconds("raw_asgi, uvloop")
    return found


def as_ms(seconds):
    return f"{seconds * 1000:.0f}"


def main():
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = options.parse(parser, quick={"rounds": 1})
    peers = [server for server in servers.PEERS if server.name in PEERS]
    chosen = options.chosen_servers(arguments, peers)
    contestants = contestants_for(chosen)
    found = rounds.measure_rounds(
        contestants, arguments.rounds, "start", lambda seconds: f"{as_ms(seconds)} ms"
    )
    rows = [
        [name, as_ms(report.median(times)), as_ms(min(times)), as_ms(max(times))]
        for name, times in found.items()
        if times
    ]
    table = report.table(["server", "median ms", "fastest ms", "slowest ms"], rows)
    wanted = f"wanted: the median of headrace is below {WANTED_MS} ms"
    print(f"\n{table}\n\n{wanted}\n")
    if arguments.save:
        run = f"Run: `{options.command_line(__file__)}`"
        settings = f"Settings: 1 worker, not pinned, {arguments.rounds} starts each, in turns"
        facts = report.bullets([*machine.facts(chosen), settings, run, wanted])
        report.save_section("Start time", f"{facts}\n\n{table}")


if __name__ == "__main__":
    main()
