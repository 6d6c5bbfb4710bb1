#!/usr/bin/python3
"""Runs every benchmark and writes RESULTS.md: `make bench`. Options go to each of them."""

import subprocess
import sys

from harness import paths, report, rounds

QUESTIONS = ["throughput", "idle_connections", "start_time", "preload",
             "latency_under_slow_clients"]


def main():
    for question in QUESTIONS:
        rounds.tell(f"\n== {question}")
        script = paths.ROOT / "bench" / f"{question}.py"
        done = subprocess.run([sys.executable, script, "--save", *sys.argv[1:]])
        if done.returncode != 0:
            sys.exit(done.returncode)
    rounds.tell(f"\nWritten to {paths.shown([report.RESULTS])}")


if __name__ == "__main__":
    main()
