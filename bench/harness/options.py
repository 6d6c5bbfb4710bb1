"""The options that all benchmarks share, and the servers that they choose."""

import argparse
import pathlib
import shlex
import sys

from harness import paths, servers


def parser(description):
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--save", action="store_true", help="write the section of RESULTS.md")
    options.add_argument(
        "--quick", action="store_true", help="one short round, to see that all of it works"
    )
    options.add_argument(
        "--server",
        action="append",
        metavar="NAME",
        help="only this (repeat): headrace, baseline, gunicorn, uwsgi, waitress, uvicorn, floor",
    )
    options.add_argument(
        "--headrace", type=pathlib.Path, default=paths.HEADRACE, help="the binary to measure"
    )
    options.add_argument(
        "--headrace-options", default="", metavar="WORDS", help="more options of `headrace run`"
    )
    options.add_argument(
        "--baseline", type=pathlib.Path, help="another headrace binary, measured in the same rounds"
    )
    options.add_argument(
        "--baseline-options", metavar="WORDS", help="options of the baseline, if they differ"
    )
    return options


def parse(from_parser, quick):
    """The arguments; with --quick, the values of `quick` instead of the ones given."""
    arguments = from_parser.parse_args()
    if arguments.quick:
        vars(arguments).update(quick)
    return arguments


def chosen_servers(arguments, candidates):
    """headrace, the baseline if asked for, and the candidates: what was asked for and is here.

    Says on stderr what is left out. Binaries are looked for from the current folder.
    """
    own = [headrace("headrace", arguments.headrace, arguments.headrace_options)]
    if arguments.baseline or arguments.baseline_options is not None:
        words = arguments.baseline_options
        words = arguments.headrace_options if words is None else words
        own.append(headrace("baseline", arguments.baseline or arguments.headrace, words))
    chosen = []
    for server in [*own, *candidates]:
        if arguments.server and server.name not in arguments.server:
            continue
        if reason := server.missing():
            print(f"{server.name} is left out: {reason}", file=sys.stderr)
        else:
            chosen.append(server)
    return chosen


def headrace(name, binary, words):
    return servers.headrace_server(name, binary.resolve(), tuple(shlex.split(words)))


def command_line(script):
    """How this run was started, for the results."""
    return paths.shown([f"bench/{pathlib.Path(script).name}", *sys.argv[1:]])
