"""The access log: its formats, and what a client can not do to it."""

import json
import re

import pytest
from harness.server import Server
from harness.wait import eventually

COMBINED = re.compile(
    r'^(?P<address>\S+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" '
    r'(?P<status>\d{3}) (?P<size>\d+|-) "(?P<referer>(?:[^"\\]|\\.)*)" '
    r'"(?P<agent>(?:[^"\\]|\\.)*)"', re.M)


@pytest.fixture
def combined(tmp_path):
    path = tmp_path / "access.log"
    with Server("wsgi_echo:app", "--workers", "1", "--access-log", "combined",
                "--access-log-path", path, probe=None) as server:
        server.access = lambda: path.read_text() if path.exists() else ""
        yield server


def lines(server, count):
    eventually(lambda: server.access().count("\n") >= count, what=f"{count} lines")
    return server.access().splitlines()


def test_off_by_default(shared_server):
    """Without --access-log no request is logged."""
    server = shared_server("wsgi_echo:app", "--workers", "1")
    server.get("/not-in-the-log")
    assert "/not-in-the-log" not in server.log()


def test_combined(combined):
    """The combined format, as web servers write it: request, status, bytes, referer, agent."""
    combined.get("/size?bytes=1234", ("Referer", "http://r.example/"), ("User-Agent", "test/1"))
    found = COMBINED.match(lines(combined, 1)[0])
    assert found["address"] == "127.0.0.1"
    assert found["request"] == "GET /size?bytes=1234 HTTP/1.1"
    assert (found["status"], found["size"]) == ("200", "1234")
    assert (found["referer"], found["agent"]) == ("http://r.example/", "test/1")
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", found["time"])


def test_one_line_a_request(combined):
    """Also requests that the application never saw have their line: 405, 413, 204."""
    combined.request("TRACE", "/")
    combined.request("OPTIONS", "*")
    combined.post("/", b"", ("Content-Length", str(1 << 40)))
    combined.request("HEAD", "/size?bytes=10")
    combined.get("/unread")
    statuses = [COMBINED.match(line)["status"] for line in lines(combined, 5)]
    assert statuses == ["405", "204", "413", "200", "401"]


def test_no_forged_lines(combined):
    """Quotes, backslashes and bytes from a client stay inside their part of one line."""
    combined.get('/"x\\', ("User-Agent", b'a" 200 1 "\\ \xff \t'), ("Referer", '" - "'))
    written = lines(combined, 1)
    assert len(written) == 1
    found = COMBINED.match(written[0])
    assert found and found["status"] == "200"
    assert "\t" not in written[0] and "\xff" not in written[0]


def test_json():
    """The JSON format: one object a line with the same facts and the time taken."""
    with Server("wsgi_echo:app", "--workers", "1", "--access-log", "json", "--quiet",
                probe=None) as server:
        server.get("/size?bytes=1234", ("User-Agent", b'quote" \xff'))
        line = server.wait_log(r'^\{.*"/size.*\}$')[0]
        entry = json.loads(line)
        assert entry["status"] == 200 and entry["method"] == "GET"
        assert "/size?bytes=1234" in (entry.get("target"), entry.get("path"))
        assert "127.0.0.1" in entry.values() and 1234 in entry.values()
        assert any("duration" in key or "time" in key or "_us" in key or "_ms" in key
                   for key in entry)


def test_error_lines_have_time_and_worker(shared_server):
    """A line about an application's error has time and level."""
    server = shared_server("wsgi_bad:app", "--workers", "1")
    server.get("/raises_before_start")
    line = server.wait_log(r"^.*\bGET /raises_before_start.*$")[0]
    assert re.search(r"\d\d:\d\d:\d\d", line) and re.search(r"error", line, re.I), line


def test_unwritable_access_log():
    """An access log that can not be opened ends the start with its path."""
    from harness.server import PYTHON, headrace
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", "127.0.0.1:0",
                     "--access-log", "combined", "--access-log-path", "/no/such/folder/log")
    assert ended.returncode != 0 and "/no/such/folder/log" in ended.output
