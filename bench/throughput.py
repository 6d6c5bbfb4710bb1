#!/usr/bin/python3
"""How many requests a second, and what does each cost in CPU time and latency?

Each server at its best settings serves the same application; wrk loads it over kept-alive
connections. "one core": one worker, all server processes on core 0, wrk on core 1. "both cores":
two workers, servers and wrk share cores 0 and 1.
"""

import contextlib
import dataclasses
import pathlib
import sys
import tempfile

from harness import machine, options, paths, report, rounds, servers


@dataclasses.dataclass(frozen=True)
class Scenario:
    """An application; with_floor where the server's own work is what is looked at.

    threads of a worker: 4, or as many as there are connections where requests wait.
    """

    name: str
    interface: str
    app: str
    with_floor: bool = False
    threads: int = 4


SCENARIOS = [
    Scenario("raw-wsgi", "wsgi", "raw_wsgi:application", with_floor=True),
    Scenario("raw-asgi", "asgi", "raw_asgi:application", with_floor=True),
    Scenario("flask", "wsgi", "flask_hello:application"),
    Scenario("fastapi", "asgi", "fastapi_hello:application"),
    Scenario("json-wsgi", "wsgi", "json_wsgi:application", with_floor=True),
    Scenario("json-fastapi", "asgi", "json_fastapi:application"),
    Scenario("waiting-wsgi", "wsgi", "waiting_wsgi:application", threads=32),
    Scenario("waiting-asgi", "asgi", "waiting_asgi:application"),
]


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is wanted on one core: a figure of a pair of samples, and the bound it should keep."""

    scenario: str
    against: str
    text: str
    figure: object
    bound: float
    at_least: bool = True


def speed_ratio(own, other):
    return own.per_second / other.per_second


def cpu_ratio(own, other):
    return own.cpu_us / other.cpu_us


def cpu_difference(own, other):
    return own.cpu_us - other.cpu_us


WISHES = [
    Wish("raw-wsgi", "gunicorn", "requests/s, times gunicorn", speed_ratio, 12),
    Wish("raw-wsgi", "floor", "requests/s, times the floor", speed_ratio, 65 / 90),
    Wish("raw-wsgi", "floor", "CPU a request, times the floor", cpu_ratio, 14 / 9, False),
    Wish("raw-asgi", "uvicorn", "requests/s, times uvicorn", speed_ratio, 2),
    Wish("flask", "gunicorn", "requests/s, times gunicorn", speed_ratio, 2.5),
    Wish("flask", rounds.IN_A_LOOP, "CPU us above the loop", cpu_difference, 35, False),
    Wish("fastapi", "uvicorn", "requests/s, times uvicorn", speed_ratio, 1.3),
]

HEADS = (
    "server,requests/s,+-%,CPU us/request,+-%,server busy %,wrk busy %,others busy %,p50 us,p99 us,"
    "1 conn. p50,1 conn. p99,errors"
).split(",")


def table_row(name, samples):
    def middle(field):
        return report.median([getattr(sample, field) for sample in samples])

    speeds = [sample.per_second for sample in samples]
    costs = [sample.cpu_us for sample in samples]
    latencies = ["p50_us", "p99_us", "single_p50_us", "single_p99_us"]
    return [
        name,
        report.count(middle("per_second")),
        f"{report.spread_percent(speeds):.0f}",
        report.microseconds(middle("cpu_us")),
        f"{report.spread_percent(costs):.0f}",
        report.percent(middle("server_busy")),
        report.percent(middle("generator_busy")),
        report.percent(middle("others_busy")),
        *[report.count(middle(field)) for field in latencies],
        sum(sample.errors for sample in samples),
    ]


def paired(samples, name, against, figure):
    """The figure of each round, "median (lowest to highest)", and the median."""
    values = [figure(own, other) for own, other in zip(samples[name], samples[against])]
    middle = report.median(values)
    return f"{middle:.2f} ({min(values):.2f} to {max(values):.2f})", middle


def ratio_lines(samples):
    lines = []
    own_names = [name for name in ("headrace", "baseline") if samples.get(name)]
    for own in own_names:
        for against in samples:
            if against in (own, rounds.IN_A_LOOP) or not samples[against]:
                continue
            speed, _ = paired(samples, own, against, speed_ratio)
            cost, _ = paired(samples, own, against, cpu_ratio)
            lines.append(f"{own} / {against}: requests/s {speed}, CPU a request {cost}")
        if samples.get(rounds.IN_A_LOOP):
            above, _ = paired(samples, own, rounds.IN_A_LOOP, cpu_difference)
            lines.append(f"{own} costs {above} us CPU a request above the application in a loop")
    return lines


def wish_lines(scenario, samples):
    lines = []
    for wish in WISHES:
        present = samples.get("headrace") and samples.get(wish.against)
        if wish.scenario != scenario.name or not present:
            continue
        text, middle = paired(samples, "headrace", wish.against, wish.figure)
        kept = middle >= wish.bound if wish.at_least else middle <= wish.bound
        sign = ">=" if wish.at_least else "<="
        verdict = "reached" if kept else "NOT reached"
        lines.append(f"wanted {wish.text} {sign} {wish.bound:.2f}: {text}, {verdict}")
    return lines


def start_contestants(scenario, plan, chosen, body_file, with_loop, label, stack):
    """{name: function that measures it}, the floors last. They run until the stack is left."""
    found = {}
    for server in chosen:
        if scenario.interface not in server.interfaces:
            continue
        launch = rounds.launch_for(
            scenario.app, workers=plan.workers, threads=scenario.threads, body_file=body_file
        )
        try:
            running = stack.enter_context(rounds.started(server, launch, plan))
        except rounds.FAILURES as error:
            rounds.tell_left_out(label, server.name, error)
            continue
        found[server.name] = lambda running=running: rounds.measure_server(running, plan)
    if with_loop:
        found[rounds.IN_A_LOOP] = lambda: rounds.measure_in_a_loop(
            scenario.interface, scenario.app, plan.server_cores, 1, body_file
        )
    return found


def measure_scenario(scenario, mode, plan, chosen, folder):
    """Returns the text of one scenario on some cores."""
    body_file = folder / scenario.name
    rounds.measure_in_a_loop(scenario.interface, scenario.app, plan.server_cores, 0.1, body_file)
    with_floors = mode == "one core"
    serving = [
        server
        for server in chosen
        if server is not servers.FLOOR or (scenario.with_floor and with_floors)
    ]
    label = f"{scenario.name}, {mode}"
    with contextlib.ExitStack() as stack:
        contestants = start_contestants(
            scenario, plan, serving, body_file, with_floors, label, stack
        )
        samples = rounds.measure_rounds(contestants, plan.rounds, label, rounds.describe_sample)
    rows = [table_row(name, found) for name, found in samples.items() if found]
    lines = ratio_lines(samples)
    if with_floors:
        lines += wish_lines(scenario, samples)
    size = body_file.stat().st_size
    heading = f"### {scenario.name}, {mode} (answer of {size:,} bytes)"
    return "\n\n".join([heading, report.table(HEADS, rows), report.bullets(lines)]).strip()


def command_lines(chosen, plan):
    """The commands of the first scenario that each server takes part in."""
    lines = []
    for server in chosen:
        scenario = next(one for one in SCENARIOS if one.interface in server.interfaces)
        body_file = pathlib.Path("BODY_FILE")
        launch = servers.Launch(scenario.app, 8000, workers=plan.workers, body_file=body_file)
        words = rounds.processes.pinned(plan.server_cores, server.command(launch))
        lines.append(f"`{paths.shown(words)}`")
    url = "http://127.0.0.1:8000/"
    wrk = rounds.load.wrk_command(
        url, connections=plan.connections, seconds=plan.seconds, cores=plan.load_cores
    )
    return [*lines, f"`{paths.shown(wrk)}`"]


def introduction(chosen, plans, script):
    commands = command_lines(chosen, plans[0][1])
    settings = [
        f"{mode}: {plan.workers} worker(s), servers on cores {plan.server_cores}, wrk on "
        f"{plan.load_cores} with {plan.connections} connections, {plan.rounds} rounds of "
        f"{plan.seconds} s after {plan.warm_up_seconds} s of warm-up"
        for mode, plan in plans
    ]
    run = f"Run: `{options.command_line(script)}`"
    facts = report.bullets([*machine.facts(chosen), *settings, run])
    note = "Servers are started in bench/apps, here for one core (other apps alike):"
    return "\n\n".join([facts, note, report.bullets(commands)])


def plans_for(arguments):
    one = rounds.Plan(
        server_cores="0",
        load_cores="1",
        load_threads=1,
        workers=1,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
    )
    both = dataclasses.replace(
        one,
        server_cores="0-1",
        load_cores="0-1",
        load_threads=2,
        workers=arguments.workers,
        rounds=min(arguments.rounds, arguments.rounds_both),
        single_connection=False,
    )
    wanted = {"one": ["one core"], "both": ["both cores"], "all": ["one core", "both cores"]}
    plans = {"one core": one, "both cores": both}
    return [(mode, plans[mode]) for mode in wanted[arguments.cores]]


def parse_arguments():
    parser = options.parser(__doc__.splitlines()[0])
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, help="only this (repeat)")
    parser.add_argument("--cores", choices=["one", "both", "all"], default="all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rounds-both", type=int, default=4, help="at most, on both cores")
    parser.add_argument("--seconds", type=int, default=2, help="length of one measurement")
    parser.add_argument("--workers", type=int, default=2, help="on both cores")
    return options.parse(parser, quick={"rounds": 1, "seconds": 1})


def main():
    arguments = parse_arguments()
    if rounds.processes.os.cpu_count() < 2:
        sys.exit("This needs two cores: one for the server, one for the load generator.")
    chosen = options.chosen_servers(arguments, [*servers.PEERS, servers.FLOOR])
    plans = plans_for(arguments)
    parts = [introduction(chosen, plans, __file__)]
    with tempfile.TemporaryDirectory() as folder:
        for mode, plan in plans:
            for scenario in SCENARIOS:
                if arguments.scenario and scenario.name not in arguments.scenario:
                    continue
                text = measure_scenario(scenario, mode, plan, chosen, pathlib.Path(folder))
                print(f"\n{text}\n", flush=True)
                parts.append(text)
    if arguments.save:
        report.save_section("Throughput", "\n\n".join(parts))


if __name__ == "__main__":
    main()
