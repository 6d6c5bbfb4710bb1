#!/usr/bin/python3
"""Do slow clients make the others wait?

Normal clients (16 kept-alive connections, 10 ms between an answer and the next request) are
measured alone, and then beside 1,000 slow ones of one kind: slowhttptest sends request heads that
do not end (-H), bodies that trickle in (-B), or reads answers a few bytes at a time (-X): such as
fit into the server's buffer for a connection, and larger ones.
"""

import contextlib
import dataclasses
import pathlib
import subprocess
import time

from harness import load, machine, options, paths, processes, report, rounds, servers

APP = "slow_clients:application"
PEERS = ["gunicorn"]
SLOW_READS = "-X -t GET -w 512 -y 1024 -n 5 -z 32 -k 3"
# kind: options of slowhttptest, and the path that is asked for.
ATTACKS = {
    "slow heads": ("-H -t GET -i 10 -x 24", ""),
    "slow bodies": ("-B -t POST -i 10 -x 10 -s 8192", ""),
    "slow reads, 128 KiB": (SLOW_READS, "128KiB"),
    "slow reads, 1 MiB": (SLOW_READS, "1MiB"),
}
# The attack outlasts the measurement, which ends it.
ATTACK_SECONDS = 120
CONNECT_TIMEOUT_SECONDS = 5.0
NORMAL_CONNECTIONS = 16
PAUSE_MS = 10
SERVER_CORES, CLIENT_CORES = "0", "1"
DESCRIPTORS = 4096
ESTABLISHED = "01"

HEADS = (
    "server,slow clients,connected,p50 us alone,p50 us beside,p99 us alone,p99 us beside,"
    "requests/s alone,requests/s beside,errors beside"
).split(",")


@dataclasses.dataclass(frozen=True)
class Pair:
    """What normal clients saw alone, and beside so many connected slow ones."""

    alone: load.Load
    beside: load.Load
    connected: int


def attack_command(kind, url, count):
    mode, path = ATTACKS[kind]
    words = f"-c {count} -r {count} -l {ATTACK_SECONDS} -p 3 -v 0 {mode} -u {url}{path}"
    return processes.pinned(CLIENT_CORES, ["slowhttptest", *words.split()])


def established_count(port):
    """Connections of the kernel's table whose server end is at this port."""
    rows = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [row.split() for row in rows]
    return sum(one[1].endswith(f":{port:04X}") and one[3] == ESTABLISHED for one in fields)


@contextlib.contextmanager
def attack(kind, running, count):
    """Slow clients for as long as the `with` lasts; gives how many were connected at its start."""
    command = attack_command(kind, running.url, count)
    slow = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + CONNECT_TIMEOUT_SECONDS
        while established_count(running.port) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        yield established_count(running.port)
    finally:
        slow.kill()
        slow.wait()


def measure(server, kind, seconds, count):
    """A fresh server: its normal clients alone, then beside the attack."""
    launch = rounds.launch_for(APP, 1, None)
    command = processes.pinned(SERVER_CORES, server.command(launch))
    crowd = {"connections": NORMAL_CONNECTIONS, "pause_ms": PAUSE_MS, "cores": CLIENT_CORES}
    with processes.RunningServer(command, launch.port) as running:
        running.wait_until_answers()
        load.run_wrk(running.url, seconds=1, **crowd)
        alone = load.run_wrk(running.url, seconds=seconds, **crowd)
        with attack(kind, running, count) as connected:
            beside = load.run_wrk(running.url, seconds=seconds, **crowd)
    return Pair(alone, beside, connected)


def describe(pair):
    alone, beside = report.count(pair.alone.p99_us), report.count(pair.beside.p99_us)
    return f"p99 {alone} us alone, {beside} us beside {pair.connected} slow clients"


def table_row(server_name, kind, pairs):
    def middle(which, field):
        return report.count(report.median([getattr(getattr(one, which), field) for one in pairs]))

    fields = ["p50_us", "p99_us", "per_second"]
    figures = [middle(which, field) for field in fields for which in ("alone", "beside")]
    connected = report.count(report.median([pair.connected for pair in pairs]))
    errors = sum(pair.beside.errors for pair in pairs)
    return [server_name, kind, connected, *figures, errors]


def measure_all(chosen, arguments):
    """The rows of the table; the peers, which are there for contrast, have one round."""
    rows = []
    for server in chosen:
        contestants = {
            kind: lambda server=server, kind=kind: measure(
                server, kind, arguments.seconds, arguments.slow_clients
            )
            for kind in ATTACKS
        }
        count = 1 if server.name in PEERS else arguments.rounds
        found = rounds.measure_rounds(contestants, count, server.name, describe)
        rows += [table_row(server.name, kind, pairs) for kind, pairs in found.items() if pairs]
    return rows


def main():
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of headrace; peers have one")
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--slow-clients", type=int, default=1000)
    arguments = options.parse(parser, quick={"rounds": 1, "seconds": 1})
    processes.raise_descriptor_limit(DESCRIPTORS + arguments.slow_clients)
    peers = [server for server in servers.PEERS if server.name in PEERS]
    chosen = options.chosen_servers(arguments, peers)
    table = report.table(HEADS, measure_all(chosen, arguments))
    wanted = "wanted: headrace's latency beside slow clients is what it is alone"
    print(f"\n{table}\n\n{wanted}\n")
    if arguments.save:
        url = "http://127.0.0.1:8000/"
        commands = [
            f"`{paths.shown(attack_command(kind, url, arguments.slow_clients))}`"
            for kind in ATTACKS
        ]
        run = f"Run: `{options.command_line(__file__)}`"
        facts = report.bullets([*machine.facts(chosen), run, *commands, wanted])
        report.save_section("Latency under slow clients", f"{facts}\n\n{table}")


if __name__ == "__main__":
    main()
