#!/usr/bin/python3
"""What do workers of a Django site cost in memory and in time, with preload and without?

Memory is the proportional set size (PSS: a page that n processes share counts 1/n in each) of all
processes that run Python, the template included, after each worker has answered requests. The time
of a worker runs from the moment the supervisor asks for it until it is ready, by the server's log.
"""

import concurrent.futures
import datetime
import os
import re
import signal
import time
import urllib.request

from harness import machine, options, paths, processes, report, rounds

SITE = paths.ROOT / "tests" / "apps" / "django_site"
APP = "website.wsgi:application"
WORKERS = 4
CLIENTS = 16
REQUESTS = 400
RESTART_TIMEOUT_SECONDS = 15.0
EVENT = re.compile(r"^(\S+ \S+) \[supervisor\] debug: worker (\d+)(?: \(pid \d+\))? "
                   r"(starts|is ready)$", re.M)
HEADS = ["", "PSS of all MB", "a worker MB", "ready after ms (median)", "(slowest)"]


def pythons(running, binary):
    """Ids of the processes of the server that run Python."""
    found = []
    for pid in running.tree():
        try:
            if os.readlink(f"/proc/{pid}/exe") != str(binary):
                found.append(pid)
        except OSError:
            continue  # gone
    return found


def ask_all(running):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for answer in pool.map(lambda _: urllib.request.urlopen(running.url).read(),
                               range(REQUESTS)):
            assert answer


def ready_seconds(running):
    """{worker: seconds from its start until it was ready}, of all that are ready."""
    started, found = {}, {}
    for stamp, worker, what in EVENT.findall(running.log()):
        moment = datetime.datetime.fromisoformat(stamp)
        if what == "starts":
            started[worker] = moment
        else:
            found[worker] = (moment - started[worker]).total_seconds()
    return found


def wait_for_workers(running, count):
    deadline = time.perf_counter() + RESTART_TIMEOUT_SECONDS
    while len(found := ready_seconds(running)) < count:
        if time.perf_counter() > deadline:
            raise processes.StartFailure(f"{len(found)} of {count} workers: {running.log_end()}")
        time.sleep(processes.POLL_SECONDS)
    return found


def measure(binary, words):
    """(PSS of all in MiB, of one worker in MiB, seconds until each later worker was ready)."""
    port = processes.free_port()
    command = [binary, "run", APP, "--chdir", SITE, "--python", paths.PYTHON, "--quiet",
               "--bind", f"127.0.0.1:{port}", "--workers", WORKERS, "--log-level", "debug", *words]
    with processes.RunningServer(command, port) as running:
        running.wait_until_answers()
        first = wait_for_workers(running, WORKERS)
        ask_all(running)
        pids = pythons(running, binary)
        memory = [processes.memory_kib(pid)["proportional"] / 1024 for pid in pids]
        # The first ones wait for the import. Those that take the place of a killed one tell more.
        for count, pid in enumerate(sorted(pids)[-WORKERS:], 1):
            os.kill(pid, signal.SIGKILL)
            found = wait_for_workers(running, WORKERS + count)
        later = [seconds for worker, seconds in found.items() if worker not in first]
    return sum(memory), report.median(memory), later


def main():
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = options.parse(parser, quick={"rounds": 1})
    binary = arguments.headrace.resolve()
    contestants = {"every worker imports": lambda: measure(binary, []),
                   "preload": lambda: measure(binary, ["--preload"])}
    found = rounds.measure_rounds(contestants, arguments.rounds, "preload",
                                  lambda result: f"{result[0]:.0f} MB")
    rows = []
    for name, results in found.items():
        times_ms = [seconds * 1000 for result in results for seconds in result[2]]
        rows.append([name, f"{report.median([result[0] for result in results]):.1f}",
                     f"{report.median([result[1] for result in results]):.1f}",
                     f"{report.median(times_ms):.0f}", f"{max(times_ms):.0f}"])
    table = report.table(HEADS, rows)
    print(f"\n{table}\n")
    if arguments.save:
        settings = f"Settings: {WORKERS} workers, {arguments.rounds} rounds of {REQUESTS} requests"
        facts = report.bullets([*machine.facts(options.chosen_servers(arguments, [])), settings,
                                f"Run: `{options.command_line(__file__)}`"])
        report.save_section("Preload", f"{facts}\n\n{table}")


if __name__ == "__main__":
    main()
