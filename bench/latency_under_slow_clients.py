#!/usr/bin/python3
"""Do slow clients make the others wait?

Normal clients (16 kept-alive connections, 10 ms between an answer and the next request) are
measured alone, and then beside 1,000 slow ones of one kind: slowhttptest sends request heads that
do not end (-H), bodies that trickle in (-B), or reads answers a few bytes at a time (-X): such as
fit into the server's buffer for a connection, and larger ones.

slowhttptest keeps the normal clients' core busy and so delays what they see. That is told from what
the server does by a third measurement, in which the slow clients attack another server. Their first
requests are a burst of 1,000 at once, slow or not; what is measured begins when that is over.
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
BURST_SECONDS = 2
# After an attack: what a server frees then would be in the next measurement.
SETTLE_SECONDS = 3

HEADS = (
    "server,slow clients,connected,p50 us alone,p50 us elsewhere,p50 us beside,p99 us alone,"
    "p99 us elsewhere,p99 us beside,requests/s alone,requests/s beside,errors beside"
).split(",")


@dataclasses.dataclass(frozen=True)
class Trial:
    """What normal clients saw alone, with so many slow ones elsewhere, and beside these."""

    alone: load.Load
    elsewhere: load.Load
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
        connected = established_count(running.port)
        time.sleep(BURST_SECONDS)
        yield connected
    finally:
        slow.kill()
        slow.wait()


def measure(server, kind, seconds, count):
    """A fresh server: its normal clients alone, then with the attack on another, then beside it."""

    def normal_load(length=seconds):
        return load.run_wrk(
            running.url,
            seconds=length,
            connections=NORMAL_CONNECTIONS,
            pause_ms=PAUSE_MS,
            cores=CLIENT_CORES,
        )

    with started(server, SERVER_CORES) as running, started(server, CLIENT_CORES) as other:
        normal_load(1)
        alone = normal_load()
        with attack(kind, other, count):
            elsewhere = normal_load()
        time.sleep(SETTLE_SECONDS)
        with attack(kind, running, count) as connected:
            beside = normal_load()
    return Trial(alone, elsewhere, beside, connected)


@contextlib.contextmanager
def started(server, cores):
    """A server that answers, for as long as the `with` lasts."""
    launch = rounds.launch_for(APP)
    command = processes.pinned(cores, server.command(launch))
    with processes.RunningServer(command, launch.port) as running:
        running.wait_until_answers()
        yield running


def describe(trial):
    alone, elsewhere, beside = (
        report.count(part.p99_us) for part in (trial.alone, trial.elsewhere, trial.beside)
    )
    return f"p99 {alone} us alone, {elsewhere} us with the attack elsewhere, {beside} us beside it"


def table_row(server_name, kind, trials):
    def middle(which, field):
        return report.count(report.median([getattr(getattr(one, which), field) for one in trials]))

    parts = ["alone", "elsewhere", "beside"]
    latencies = [middle(part, field) for field in ("p50_us", "p99_us") for part in parts]
    rates = [middle(part, "per_second") for part in ("alone", "beside")]
    connected = report.count(report.median([trial.connected for trial in trials]))
    errors = sum(trial.beside.errors for trial in trials)
    return [server_name, kind, connected, *latencies, *rates, errors]


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
        rows += [table_row(server.name, kind, trials) for kind, trials in found.items() if trials]
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
    wanted = (
        "wanted: headrace's latency beside slow clients is no more than with these elsewhere,"
        " where they delay only the measurement"
    )
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
