"""Settings from flags, environment, files: which wins, and what is said about mistakes."""

import re
import signal

import pytest
from harness.server import APPS, PYTHON, REPOSITORY, PortReservation, Server, headrace
from harness.wait import eventually

SETTINGS = (REPOSITORY / "tests" / "golden" / "settings.txt").read_text().split()


def seen(server):
    return server.get("/").json()


def test_toml(tmp_path):
    """headrace.toml of the current folder is read; sizes and times as people write them."""
    (tmp_path / "headrace.toml").write_text(
        'app = "environment:app"\nworkers = 2\nthreads = 3\nquiet = true\nidle_timeout = "90s"\n'
        f'body_size_max = "1MB"\nchdir = "{APPS}"\n')
    with Server(None, cwd=tmp_path) as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")
        assert seen(server)["folder"] == str(APPS)
        assert server.post("/", b"", ("Content-Length", "1048577")).status == 413
        assert server.post("/", b"x" * 1048576).status == 200


def test_pyproject(tmp_path):
    """[tool.headrace] of pyproject.toml is read as well."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.headrace]\napp = "environment:app"\n'
        f'workers = 2\nchdir = "{APPS}"\n')
    with Server(None, cwd=tmp_path) as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")


def test_config_option(tmp_path):
    """--config names another file."""
    (tmp_path / "other.toml").write_text('app = "environment:app"\nworkers = 2\n')
    with Server(None, "--config", tmp_path / "other.toml") as server:
        eventually(lambda: len(server.workers()) == 2, what="two workers")


@pytest.mark.parametrize("environment, options, count", [
    ({}, (), 3), ({"HEADRACE_WORKERS": "2"}, (), 2),
    ({"HEADRACE_WORKERS": "2"}, ("--workers", "1"), 1)], ids=["file", "environment", "flag"])
def test_precedence(tmp_path, environment, options, count):
    """A flag wins over the environment, the environment over the file."""
    (tmp_path / "headrace.toml").write_text('workers = 3\n')
    with Server("environment:app", "--chdir", APPS, *options, cwd=tmp_path,
                env=environment) as server:
        eventually(lambda: len(server.workers()) == count, what=f"{count} workers")


def test_web_concurrency():
    """WEB_CONCURRENCY is the number of workers where nothing else says it."""
    with Server("environment:app", env={"WEB_CONCURRENCY": "3"}) as server:
        eventually(lambda: len(server.workers()) == 3, what="three workers")


def test_port():
    """PORT means that port on all addresses."""
    reserved = PortReservation()
    try:
        with Server("environment:app", "--workers", "1", bind=None, address=reserved.address,
                    env={"PORT": str(reserved.address[1])}) as server:
            assert server.get("/").status == 200
    finally:
        reserved.close()


def test_env_file(tmp_path):
    """--env-file adds to the application's environment, but does not replace what is there."""
    (tmp_path / "settings.env").write_text(
        '# a comment\n\nPLAIN=value\nexport EXPORTED=yes\nQUOTED="two words"\n'
        "SINGLE='$HOME stays'\nTAKEN=from the file\nEMPTY=\n")
    with Server("environment:app", "--workers", "1", "--env-file", tmp_path / "settings.env",
                env={"TAKEN": "from outside"}) as server:
        found = seen(server)["environment"]
        expected = {"PLAIN": "value", "EXPORTED": "yes", "QUOTED": "two words",
                    "SINGLE": "$HOME stays", "TAKEN": "from outside", "EMPTY": ""}
        assert {name: found.get(name) for name in expected} == expected


def test_what_a_worker_inherits(shared_server):
    """A worker runs the chosen Python in the folder of the start, and gets no stray descriptor."""
    server = shared_server("environment:app", "--workers", "1")
    found = seen(server)
    assert (found["folder"], found["python"]) == (str(APPS), PYTHON)
    assert found["path"][0] in ("", str(APPS))
    assert len(found["descriptors"]) < 20
    assert server.edge.listens() and not server.worker.listens()


BAD_FILES = {
    "unknown key": ('workers = 1\nthredas = 2\n', 2, "threads"),
    "bad value": ('workers = 1\n\nidle_timeout = "soon"\n', 3, "idle_timeout"),
    "bad type": ('workers = "two"\n', 1, "workers"),
    "out of range": ('threads = 100000\n', 1, "threads"),
    "syntax": ('workers = 1\nthreads = = 2\n', 2, ""),
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("name", BAD_FILES)
def test_mistakes_in_the_file(tmp_path, name, command):
    """A mistake is exit code 3 and a message with file, line and the name that was meant."""
    text, line, word = BAD_FILES[name]
    (tmp_path / "headrace.toml").write_text(text)
    ended = headrace(command, "environment:app", "--chdir", APPS, cwd=tmp_path)
    assert ended.returncode == 3, ended.output
    assert re.search(rf"headrace\.toml:{line}\b", ended.output), ended.output
    assert word in ended.output


def test_mistake_in_the_environment():
    """A bad value in the environment is named with its variable."""
    ended = headrace("run", "environment:app", env={"HEADRACE_THREADS": "four"})
    assert ended.returncode == 3 and "HEADRACE_THREADS" in ended.output


def test_check():
    """`headrace check` starts nothing, says what it found, and ends with 0."""
    checked = headrace("check", "environment:app", "--python", PYTHON)
    assert checked.returncode == 0 and checked.output.strip()


def test_check_finds_a_broken_application(tmp_path):
    """`headrace check` ends with 1 for an application that does not import."""
    (tmp_path / "broken.py").write_text("raise RuntimeError('at import')\n")
    checked = headrace("check", "broken:app", "--python", PYTHON, cwd=tmp_path)
    assert checked.returncode == 1 and "at import" in checked.output


def test_version():
    """`headrace version` is one line: the name and the number."""
    ended = headrace("version")
    assert ended.returncode == 0
    assert re.match(r"headrace \d+\.\d+\.\d+", ended.stdout.lower())


def test_settings():
    """`headrace settings` lists each setting with its flag, variable and default."""
    ended = headrace("settings")
    assert ended.returncode == 0
    for name in SETTINGS:
        assert re.search(rf"\b{name}\b", ended.stdout), name
    assert "75s" in ended.stdout and "16KB" in ended.stdout.replace(" ", "")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help(arguments):
    """--help is no error, and names the commands or the options."""
    ended = headrace(*arguments)
    assert ended.returncode == 0
    assert ("--queue-timeout" if "run" in arguments else "settings") in ended.stdout


def test_no_command():
    """Without a command: how to use it."""
    assert "headrace run" in headrace().output


def test_banner():
    """The start says version, address, interface, workers and threads, and why that many."""
    with Server("environment:app") as server:
        host, port = server.address
        server.wait_log("Ctrl-C")
        banner = server.log()
        for word in (f"{host}:{port}", "WSGI", "thread", "worker", PYTHON, "CPU"):
            assert word.lower() in banner.lower(), f"{word} is missing:\n{banner}"


def test_quiet():
    """--quiet leaves out the banner."""
    with Server("environment:app", "--workers", "1", "--quiet") as server:
        assert str(server.address[1]) not in server.log()


def test_log_level():
    """--log-level error says nothing when nothing is wrong."""
    with Server("environment:app", "--workers", "1", "--quiet", "--log-level", "error") as server:
        server.get("/")
        server.stop()
        assert server.log() == ""


def test_signals_are_not_inherited():
    """The application gets SIGTERM and friends with their defaults, unblocked."""
    with Server("environment:app", "--workers", "1") as server:
        with open(f"/proc/{server.worker.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
        assert not int(status["SigBlk"], 16) & 1 << (signal.SIGTERM - 1), status["SigBlk"]
        assert not int(status["SigBlk"], 16) & 1 << (signal.SIGCHLD - 1), status["SigBlk"]
