"""Where things are, as seen from the top folder of the project, and how paths are shown."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
APPS = ROOT / "bench" / "apps"
BUILD = ROOT / "build" / "bench"
HEADRACE = pathlib.Path(os.environ.get("HEADRACE_BINARY", ROOT / "build" / "headrace"))
# The interpreter that Debian's gunicorn, uvicorn, Flask ... are installed for.
PYTHON = os.environ.get("HEADRACE_BENCH_PYTHON", "/usr/bin/python3")


def shown(command):
    """The command as one line to type in the top folder of the project."""
    words = [str(word).replace(f"{ROOT}/", "") for word in command]
    return " ".join(f"'{word}'" if " " in word else word for word in words)
