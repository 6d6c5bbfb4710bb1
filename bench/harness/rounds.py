"""Rounds: every server is measured once in each, in turns, so that a slow minute hits them all.

All are started before the first round and idle while another is measured. Many short rounds are
better than a few long ones: what a round compares lies closer together.
"""

import contextlib
import dataclasses
import http.client
import json
import subprocess
import sys

from harness import load, machine, paths, processes, report, servers

IN_A_LOOP = "in a loop"


@dataclasses.dataclass(frozen=True)
class Plan:
    """How one server is measured: which cores, how long, with how many connections.

    load_threads: threads of the load generator. Without single_connection, latency is measured
    under the full load only.
    """

    server_cores: str
    load_cores: str
    load_threads: int
    workers: int
    rounds: int
    seconds: int
    connections: int = 32
    warm_up_seconds: int = 1
    single_connection: bool = True

    def crowd(self):
        """Options of load.run_wrk for the full load."""
        threads = {"cores": self.load_cores, "threads": self.load_threads}
        return threads | {"connections": self.connections}


@dataclasses.dataclass(frozen=True)
class Sample:
    """The figures of one server in one round; None is what was not measured.

    server_busy, generator_busy and others_busy are CPU seconds a second, so 1.0 is one core.
    others_busy is what the rest of the machine used or the host took away: the figures are only
    worth something when it is small.
    """

    per_second: float
    cpu_us: float
    server_busy: float | None = None
    generator_busy: float | None = None
    others_busy: float | None = None
    p50_us: int | None = None
    p99_us: int | None = None
    single_p50_us: int | None = None
    single_p99_us: int | None = None
    errors: int = 0


class WrongAnswer(Exception):
    """The server does not send what the application says."""


FAILURES = (processes.StartFailure, WrongAnswer, OSError)


def check_answer(port, body):
    """Two requests on one connection, both answered with 200 and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        for _ in range(2):
            connection.request("GET", "/")
            if connection.sock is None:
                raise WrongAnswer("does not keep the connection")
            response = connection.getresponse()
            received = response.read()
            if response.status != 200 or received != body:
                raise WrongAnswer(f"status {response.status}, {len(received)} bytes of body")
            if response.will_close:
                raise WrongAnswer("does not keep the connection")
    except (OSError, http.client.HTTPException) as error:
        raise WrongAnswer(repr(error)) from error
    finally:
        connection.close()


@contextlib.contextmanager
def started(server, launch, plan):
    """A server that has given the right answer and is warm, for as long as the `with` lasts."""
    command = processes.pinned(plan.server_cores, server.command(launch))
    with processes.RunningServer(command, launch.port) as running:
        running.wait_until_answers()
        check_answer(launch.port, launch.body_file.read_bytes())
        load.run_wrk(running.url, seconds=plan.warm_up_seconds, **plan.crowd())
        yield running


def measure_server(running, plan):
    all_before, cpu_before = machine.busy_seconds(), running.cpu_seconds()
    full = load.run_wrk(running.url, seconds=plan.seconds, **plan.crowd())
    cpu_seconds = running.cpu_seconds() - cpu_before
    all_seconds = machine.busy_seconds() - all_before
    if full.requests == 0:
        raise WrongAnswer("answers no request under load")
    single = None
    if plan.single_connection:
        one = {"cores": plan.load_cores, "connections": 1}
        single = load.run_wrk(running.url, seconds=1, **one)
    server_busy = cpu_seconds / full.seconds
    others_busy = all_seconds / full.seconds - server_busy - full.generator_busy
    return Sample(
        per_second=full.per_second,
        cpu_us=cpu_seconds / full.requests * 1e6,
        server_busy=server_busy,
        generator_busy=full.generator_busy,
        others_busy=max(others_busy, 0.0),
        p50_us=full.p50_us,
        p99_us=full.p99_us,
        single_p50_us=single and single.p50_us,
        single_p99_us=single and single.p99_us,
        errors=full.errors + (single.errors if single else 0),
    )


def loop_command(interface, app, cores, seconds, body_file):
    script = paths.ROOT / "bench" / "in_a_loop.py"
    words = [paths.PYTHON, script, interface, app, str(seconds), body_file]
    return [str(word) for word in processes.pinned(cores, words)]


def measure_in_a_loop(interface, app, cores, seconds, body_file):
    """The application without a server; leaves its answer in body_file."""
    command = loop_command(interface, app, cores, seconds, body_file)
    environment = processes.clean_environment()
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=paths.APPS, env=environment
    )
    if done.returncode != 0:
        raise processes.StartFailure(done.stderr.strip().splitlines()[-1])
    result = json.loads(done.stdout)
    return Sample(per_second=result["per_second"], cpu_us=result["cpu_us"])


def measure_rounds(contestants, count, label, describe):
    """contestants: {name: function that measures it}. Returns {name: [what it returned]}.

    The order is turned round after each round. Who fails once is told of and left out. describe
    makes one result a few words, to show how the work goes on.
    """
    samples = {name: [] for name in contestants}
    for index in range(count):
        names = list(samples) if index % 2 == 0 else list(reversed(samples))
        for name in names:
            try:
                sample = contestants[name]()
            except FAILURES as error:
                tell_left_out(label, name, error)
                del samples[name]
                continue
            samples[name].append(sample)
            tell(f"{label}, round {index + 1}: {name} {describe(sample)}")
    return samples


def describe_sample(sample):
    return f"{sample.per_second:,.0f}/s, {report.microseconds(sample.cpu_us)} us CPU"


def tell_left_out(label, name, error):
    tell(f"{label}: {name} is left out: {error}")


def tell(text):
    print(text, file=sys.stderr, flush=True)


def launch_for(app, **details):
    return servers.Launch(app, processes.free_port(), **details)
