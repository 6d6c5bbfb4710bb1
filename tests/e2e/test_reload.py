"""--reload: workers are restarted when a source file changes."""

import pytest
from harness.server import Server
from harness.wait import eventually

SOURCE = """
import helper
def app(environ, start_response):
    start_response("200 OK", [])
    return [("{text} " + helper.text).encode()]
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "web.py").write_text(SOURCE.format(text="one"))
    (tmp_path / "helper.py").write_text("text = 'first'\n")
    return tmp_path


def test_source_changes(source):
    """A changed file of the application is served soon, without a failed request."""
    with Server("web:app", "--workers", "1", "--reload", cwd=source) as server:
        assert server.get().text == "one first"
        (source / "web.py").write_text(SOURCE.format(text="two"))
        answers = []
        eventually(lambda: answers.append(server.get()) or answers[-1].text == "two first", 20,
                   "the new source")
        assert {answer.status for answer in answers} == {200}
        (source / "helper.py").write_text("text = 'second'\n")
        eventually(lambda: server.get().text == "two second", 20, "the new module")


def test_broken_source(source):
    """A change that does not import is reported; the next good one is served."""
    with Server("web:app", "--workers", "1", "--reload", cwd=source) as server:
        (source / "web.py").write_text("this is no Python\n")
        server.wait_log("SyntaxError", 20)
        assert server.exit_code is None
        (source / "web.py").write_text(SOURCE.format(text="mended"))
        eventually(lambda: server.get().text == "mended first", 30, "the mended source")


def test_without_reload(source):
    """Without --reload a changed file changes nothing."""
    with Server("web:app", "--workers", "1", cwd=source) as server:
        pid = server.worker.pid
        (source / "web.py").write_text(SOURCE.format(text="two"))
        assert [server.get().text for _ in range(5)] == ["one first"] * 5
        assert server.worker.pid == pid
