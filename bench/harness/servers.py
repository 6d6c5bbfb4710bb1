"""The servers that are compared: one row each, at the settings that suit it best."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import typing

from harness import paths

# Long and large enough that no peer closes or refuses a connection that a benchmark holds.
KEEP_ALIVE_SECONDS = 300
CONNECTIONS_MAX = 16000
BACKLOG = 4096
# uWSGI gives a thread to a connection for as long as it is kept alive, and lets the others wait:
# it needs a thread for each connection of the load.
UWSGI_THREADS = 32


@dataclasses.dataclass(frozen=True)
class Launch:
    """What to serve: "module:attribute" of an app in bench/apps, where, with how many workers.

    threads are those of a worker, where it has them. body_file holds the app's answer, for servers
    that run no Python.
    """

    app: str
    port: int
    workers: int = 1
    threads: int = 4
    body_file: pathlib.Path | None = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"


@dataclasses.dataclass(frozen=True)
class Server:
    """name; the interfaces it serves; the command for a Launch; whether it can run here."""

    name: str
    interfaces: frozenset
    command: typing.Callable[[Launch], list]
    version: typing.Callable[[], str]
    missing: typing.Callable[[], str | None]


def headrace_command(binary, options):
    def command(launch):
        words = f"""
            --workers {launch.workers} --threads {launch.threads} --bind {launch.address} --quiet
        """
        places = ["--python", paths.PYTHON, "--chdir", paths.APPS]
        return [binary, "run", launch.app, *words.split(), *places, *options]

    return command


def gunicorn_command(launch):
    words = f"""
        -m gunicorn {launch.app} --bind {launch.address}
        --worker-class gthread --workers {launch.workers} --threads {launch.threads}
        --keep-alive {KEEP_ALIVE_SECONDS} --worker-connections {CONNECTIONS_MAX}
        --backlog {BACKLOG} --worker-tmp-dir /dev/shm --log-level error
    """
    return [paths.PYTHON, *words.split()]


def uwsgi_command(launch):
    words = f"""
        --plugin python3 --http11-socket {launch.address} --module {launch.app}
        --master --processes {launch.workers} --threads {UWSGI_THREADS}
        --disable-logging --need-app --die-on-term
    """
    return ["uwsgi", *words.split()]


def uvicorn_command(launch):
    words = f"""
        -m uvicorn {launch.app} --host 127.0.0.1 --port {launch.port}
        --workers {launch.workers} --loop uvloop --http httptools --interface asgi3
        --no-access-log --no-proxy-headers --log-level error
        --timeout-keep-alive {KEEP_ALIVE_SECONDS} --backlog {BACKLOG}
    """
    return [paths.PYTHON, *words.split()]


def waitress_command(launch):
    words = f"""
        -m waitress --listen={launch.address} --threads={launch.threads}
        --connection-limit={CONNECTIONS_MAX} --backlog={BACKLOG}
        --channel-timeout={KEEP_ALIVE_SECONDS} --asyncore-use-poll {launch.app}
    """
    return [paths.PYTHON, *words.split()]


FLOOR_SOURCE = paths.ROOT / "bench" / "floor.cpp"
FLOOR_BINARY = paths.BUILD / "floor"
FLOOR_BUILD = ["-std=c++23", "-O2", "-o", FLOOR_BINARY, FLOOR_SOURCE]


def floor_compiler():
    return os.environ.get("CXX", "g++")


def floor_command(launch):
    if not FLOOR_BINARY.exists() or FLOOR_BINARY.stat().st_mtime < FLOOR_SOURCE.stat().st_mtime:
        FLOOR_BINARY.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([floor_compiler(), *FLOOR_BUILD], check=True)
    return [FLOOR_BINARY, str(launch.port), launch.body_file]


def output_of(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"


def package_version(package):
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return output_of(paths.PYTHON, "-c", code)


def absent_program(program):
    return None if shutil.which(str(program)) else f"{paths.shown([program])} is missing"


def absent_package(package):
    done = subprocess.run([paths.PYTHON, "-c", f"import {package}"], capture_output=True)
    return None if done.returncode == 0 else f"{paths.PYTHON} has no {package}"


def python_server(name, interface, command):
    return Server(
        name,
        frozenset([interface]),
        command,
        version=lambda: f"{name} {package_version(name)}",
        missing=lambda: absent_package(name),
    )


def headrace_server(name, binary, options=()):
    return Server(
        name,
        frozenset(["wsgi", "asgi"]),
        headrace_command(binary, options),
        version=lambda: output_of(binary, "version"),
        missing=lambda: absent_program(binary),
    )


PEERS = [
    python_server("gunicorn", "wsgi", gunicorn_command),
    Server(
        "uwsgi",
        frozenset(["wsgi"]),
        uwsgi_command,
        version=lambda: f"uWSGI {output_of('uwsgi', '--version')}",
        missing=lambda: absent_program("uwsgi"),
    ),
    python_server("waitress", "wsgi", waitress_command),
    python_server("uvicorn", "asgi", uvicorn_command),
]

FLOOR = Server(
    "floor",
    frozenset(["wsgi", "asgi"]),
    floor_command,
    version=lambda: f"floor {output_of(floor_compiler(), '--version')}",
    missing=lambda: absent_program(floor_compiler()),
)
