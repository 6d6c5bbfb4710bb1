"""What a user sees when the application or the configuration is wrong."""

import os
import socket

import pytest
from harness.server import APPS, PYTHON, REPOSITORY, Server, headrace
from harness.wait import eventually

PROMPT_SECONDS = 5.0   # "within a second", with room for a slow machine and sanitizers


def run(*arguments, cwd=APPS, **options):
    """`headrace run` that is expected to end by itself."""
    return headrace("run", *arguments, "--python", PYTHON, "--bind", "127.0.0.1:0", cwd=cwd,
                    **options)


@pytest.mark.parametrize("interface, app", [("wsgi", "wsgi_bad:app"), ("asgi", "asgi_bad:app")])
def test_plain_500(shared_server, interface, app):
    """An application error is a plain 500 page without any detail of it."""
    response = shared_server(app, "--workers", "1").get("/raises_before_start")
    assert response.status == 500 and response.body
    assert response.get("content-type").startswith("text/")
    for word in ("Traceback", "ValueError", "failure", ".py"):
        assert word not in response.text


@pytest.mark.parametrize("app", ["wsgi_bad:app", "asgi_bad:app"])
def test_debug_page(shared_server, app):
    """With --debug the page shows the traceback."""
    server = shared_server(app, "--workers", "1", "--debug")
    response = server.get("/raises_before_start")
    assert response.status == 500
    assert "Traceback" in response.text and "in raises_before_start" in response.text
    assert "ValueError: the message of the failure" in response.text


def test_traceback_has_the_request(shared_server):
    """The log line of an error names method and path of the request."""
    server = shared_server("wsgi_bad:app", "--workers", "1")
    server.get("/raises_before_start?q=17")
    server.wait_log(r"GET /raises_before_start")


MODULES = {
    "syntax": ("def broken(:\n", "SyntaxError"),
    "raises": ("raise RuntimeError('at import')\n", "RuntimeError: at import"),
    "imports": ("import a_module_that_is_not_there\n", "a_module_that_is_not_there"),
    "exits": ("import sys\nsys.exit('enough')\n", "enough"),
    "no_app": ("application_ = None\n", "app"),
    "not_callable": ("app = 17\n", "app"),
}


@pytest.mark.parametrize("name", MODULES)
def test_application_does_not_import(name, tmp_path):
    """An application that fails to import ends `headrace run` with 1 and the traceback, soon."""
    source, message = MODULES[name]
    (tmp_path / "broken.py").write_text(source)
    ended = run("broken:app", cwd=tmp_path)
    assert ended.returncode == 1, ended.output
    assert message in ended.output and "broken" in ended.output
    assert ended.seconds < PROMPT_SECONDS
    if name in ("raises", "imports"):
        assert "Traceback" in ended.output and 'broken.py", line 1' in ended.output
    assert str(REPOSITORY / "src") not in ended.output


def test_module_is_missing(tmp_path):
    """A module that does not exist is named, and where it was looked for."""
    ended = run("nowhere.at_all:app", cwd=tmp_path)
    assert ended.returncode == 1 and "nowhere" in ended.output
    assert ended.seconds < PROMPT_SECONDS


def test_factory_fails(tmp_path):
    """An error inside the factory is shown with its traceback."""
    (tmp_path / "made.py").write_text("def create_app():\n    raise KeyError('no settings')\n")
    ended = run("made:create_app()", cwd=tmp_path)
    assert ended.returncode == 1 and "no settings" in ended.output
    assert 'made.py", line 2' in ended.output


def test_no_application(tmp_path):
    """Without an application and nothing to be found: what was looked for, and what to do."""
    ended = run(cwd=tmp_path)
    assert ended.returncode in (1, 3) and "app.py" in ended.output
    assert ended.seconds < PROMPT_SECONDS


@pytest.mark.parametrize("arguments, message", [
    (["--workers", "many"], "workers"), (["--workers", "0"], "workers"),
    (["--head-timeout", "soon"], "head-timeout"), (["--no-such-option"], "no-such-option"),
    (["--interface", "cgi"], "interface"), (["--bind", "nonsense:port"], "bind"),
    (["--body-size-max", "-1"], "body-size-max"), (["--root-path", "shop"], "root-path"),
    (["--config", "/no/such/file.toml"], "/no/such/file.toml"),
    (["--env-file", "/no/such/file.env"], "/no/such/file.env"),
    (["--chdir", "/no/such/folder"], "/no/such/folder"),
    (["--python", "/no/such/python"], "/no/such/python")])
def test_bad_option(arguments, message):
    """A bad value or unknown option: exit code 3, and a message that names it."""
    ended = headrace("run", "wsgi_echo:app", "--bind", "127.0.0.1:0", *arguments)
    assert ended.returncode == 3, ended.output
    assert message in ended.output.replace("_", "-"), ended.output
    assert ended.seconds < PROMPT_SECONDS


def test_nearest_option():
    """A misspelt option brings the name of the one that was meant."""
    ended = headrace("run", "wsgi_echo:app", "--threds", "2")
    assert ended.returncode == 3 and "--threads" in ended.output


def test_row199_port_in_use():
    """Row 199: a port that is taken ends the start at once with the address and the reason."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", address)
        assert ended.returncode != 0 and address in ended.output, ended.output
        assert "another process" in ended.output and ended.seconds < PROMPT_SECONDS


def test_row199_no_permission(tmp_path):
    """Row 199: a socket path that may not be made ends the start with the path and the reason."""
    path = tmp_path / "missing" / "socket"
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", f"unix:{path}")
    assert ended.returncode != 0 and str(path) in ended.output, ended.output
    assert ended.seconds < PROMPT_SECONDS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up a right")
def test_row199_privileged_port():
    """Row 199: a port below 1024 without the right to it: the address and the reason."""
    def without_rights():
        os.setgid(65534)
        os.setuid(65534)
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if int(file.read()) <= 1:
            pytest.skip("every port is free for all here")
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", "127.0.0.1:1",
                     preexec=without_rights)
    assert ended.returncode != 0 and "127.0.0.1:1" in ended.output, ended.output
    assert "ermission" in ended.output and ended.seconds < PROMPT_SECONDS


def test_address_of_another_machine():
    """An address that is not of this machine is refused with its reason."""
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", "192.0.2.1:8000")
    assert ended.returncode != 0 and "192.0.2.1:8000" in ended.output
    assert ended.seconds < PROMPT_SECONDS


def test_row183_import_error_later(tmp_path):
    """Row 183: a worker that can not be replaced leaves the others serving; tries go on."""
    (tmp_path / "later.py").write_text(
        "import os\nif os.path.exists('broken'): raise RuntimeError('at import')\n"
        "open(f'imported-{os.getpid()}', 'w')\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return [str(os.getpid()).encode()]\n")
    with Server("later:app", "--workers", "2", cwd=tmp_path) as server:
        eventually(lambda: len(list(tmp_path.glob("imported-*"))) == 2, what="two imports")
        (tmp_path / "broken").touch()
        victim, survivor = server.workers()
        victim.kill()
        server.wait_log("RuntimeError: at import")
        for _ in range(10):
            assert server.get().text == str(survivor.pid)
        (tmp_path / "broken").unlink()
        eventually(lambda: len(server.workers()) == 2, 30, "a new worker")
        survivor.kill()
        with server.connect(timeout=30) as client:   # waits for the pause after the failed tries
            assert client.exchange("GET", "/").text != str(survivor.pid)
