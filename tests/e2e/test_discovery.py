"""How the application is named, found, and told to be WSGI or ASGI."""

import pytest
from harness.server import PYTHON, Server, headrace

WSGI = """
def {name}(environ, start_response):
    start_response("200 OK", [])
    return [b"{text}"]
"""
ASGI = """
async def {name}(scope, receive, send):
    assert scope["type"] == "http"
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"{text}"}})
"""
FACTORY = """
def create_app(text="made"):
    def application(environ, start_response):
        start_response("200 OK", [])
        return [text.encode()]
    return application
"""


def write(folder, **modules):
    for name, source in modules.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def served(folder, app, *options, **arguments):
    with Server(app, "--workers", "1", *options, cwd=folder, **arguments) as server:
        return server.get("/").text


@pytest.mark.parametrize("module, name", [
    ("app", "app"), ("main", "app"), ("wsgi", "application"), ("wsgi", "app"), ("asgi", "app"),
    ("asgi", "application")])
@pytest.mark.parametrize("source", [WSGI, ASGI], ids=["wsgi", "asgi"])
def test_found_by_itself(tmp_path, module, name, source):
    """Without APP the usual files and names are tried, behind either interface."""
    write(tmp_path, **{module: source.format(name=name, text="found")})
    assert served(tmp_path, None) == "found"


def test_factory_is_found(tmp_path):
    """A create_app() in app.py is found and called."""
    write(tmp_path, app=FACTORY)
    assert served(tmp_path, None) == "made"


@pytest.mark.parametrize("app, options", [
    ("made:create_app()", ()), ("made:create_app", ("--factory",)),
    ("made:create_app('made')", ()), ("made:create_app(text='made')", ())])
def test_factory(tmp_path, app, options):
    """A factory is called when APP is written as a call, or with --factory."""
    write(tmp_path, made=FACTORY)
    assert served(tmp_path, app, *options) == "made"


def test_dotted_names(tmp_path):
    """Modules in packages and attributes of attributes."""
    write(tmp_path, shop__web="class Holder:\n    pass\n\n"
          + WSGI.format(name="inside", text="deep")
          + "\nHolder.application = staticmethod(inside)\n")
    assert served(tmp_path, "shop.web:Holder.application") == "deep"


def test_module_alone(tmp_path):
    """A module without an attribute means the usual name in it."""
    write(tmp_path, shop=WSGI.format(name="application", text="usual"))
    assert served(tmp_path, "shop") == "usual"


def test_interface_is_forced(tmp_path):
    """--interface settles what looking at the object can not tell."""
    write(tmp_path, odd="import asgi_like\napp = lambda *args: asgi_like.app(*args)\n",
          asgi_like=ASGI.format(name="app", text="forced"))
    assert served(tmp_path, "odd:app", "--interface", "asgi") == "forced"


def test_chdir(tmp_path):
    """--chdir is where the application is imported from and runs."""
    write(tmp_path / "inner", web="import os\n" + WSGI.format(name="app", text="x").replace(
        'b"x"', "os.path.basename(os.getcwd()).encode()"))
    assert served(tmp_path, "web:app", "--chdir", "inner") == "inner"


def test_own_modules(tmp_path):
    """Modules of the application that are named like the server's own are the application's."""
    write(tmp_path, web="import worker, _worker\n" + WSGI.format(name="app", text="x").replace(
        'b"x"', "(worker.text + _worker.text).encode()"),
        worker="text = 'own '\n", _worker="text = 'own'\n")
    assert served(tmp_path, "web:app") == "own own"


def test_main_guard_and_name(tmp_path):
    """The module is imported under its own name, never run as __main__."""
    write(tmp_path, web="if __name__ == '__main__': raise SystemExit('ran as a script')\n"
          + WSGI.format(name="app", text="x").replace('b"x"', "__name__.encode()"))
    assert served(tmp_path, "web:app") == "web"


def test_check_knows_the_application(tmp_path):
    """`headrace check` accepts what `headrace run` would serve."""
    write(tmp_path, app=WSGI.format(name="app", text="x"))
    checked = headrace("check", "--python", PYTHON, cwd=tmp_path)
    assert checked.returncode == 0, checked.output


def test_virtual_environment(tmp_path):
    """Without --python the interpreter of .venv is used; its packages are there."""
    write(tmp_path, web="import only_in_venv\n"
          + WSGI.format(name="app", text="x").replace('b"x"', "only_in_venv.text.encode()"))
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python3").symlink_to(PYTHON)
    (venv / "bin" / "python").symlink_to("python3")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    write(venv / "lib" / "python3.11" / "site-packages", only_in_venv="text = 'from the venv'\n")
    server = Server("web:app", "--workers", "1", cwd=tmp_path)
    without = [part for part in server.start_command if part not in ("--python", PYTHON)]
    server.start_command = without
    with server:
        assert server.get("/").text == "from the venv"
