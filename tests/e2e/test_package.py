"""What `make install` puts where, and the systemd unit among it."""

import pathlib
import shlex
import subprocess

import pytest
from harness.server import APPS, BINARY, PYTHON, REPOSITORY, environment, headrace

BUILD = pathlib.Path(BINARY).resolve().parent
PACKAGE = REPOSITORY / "python" / "headrace"
UNIT = REPOSITORY / "packaging" / "headrace.service"
WSGI_APP = "wsgi_echo:app"

in_build_tree = pytest.mark.skipif(not (BUILD / "cmake_install.cmake").exists(),
                                   reason="the program is not in a build tree")


def command_of_unit(key):
    """The words of ExecStart= or its like, the program left out."""
    text = UNIT.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith(f"{key}=")]
    assert len(lines) == 1, lines
    return shlex.split(lines[0].partition("=")[2])[1:]


@in_build_tree
def test_installed_program_serves(tmp_path):
    """The program finds its package and extension below the prefix; no module is left out."""
    prefix = tmp_path / "usr"
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    installed = prefix / "lib" / "headrace" / "python" / "headrace"
    names = {path.name for path in installed.glob("*.py")}
    assert names == {path.name for path in PACKAGE.glob("*.py")}
    compiled = {path.name.partition(".")[0] for path in installed.glob("__pycache__/*.pyc")}
    assert compiled == {name.removesuffix(".py") for name in names}
    checked = subprocess.run([prefix / "bin" / "headrace", "check", WSGI_APP, "--python", PYTHON],
                             cwd=APPS, env=environment(), capture_output=True, text=True,
                             timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "The application starts and stops as it should." in checked.stdout
    documents = prefix / "share" / "doc" / "headrace"
    assert (documents / "examples" / UNIT.name).exists()
    assert (documents / "reference" / "settings.md").exists()


def test_commands_of_the_unit(tmp_path):
    """The unit starts and reloads with words that the program understands."""
    start = command_of_unit("ExecStart")
    assert start[0] == "run"
    words = {"app:app": WSGI_APP, "/srv/shop/.venv/bin/python": PYTHON}
    checked = headrace("check", *(words.get(word, word) for word in start[1:]))
    assert checked.returncode == 0, checked.stderr
    control = str(tmp_path / "control.sock")
    reload = [word.replace("/run/shop/control.sock", control)
              for word in command_of_unit("ExecReload")]
    refused = headrace(*reload)
    assert refused.returncode == 1
    assert f"no server answers at {control}" in refused.stderr
