"""Log and Report: what an operator reads, and what a client may."""

import os
import re

import pytest
from headrace.log import Log, traceback_text
from headrace.report import PAGE_SIZE_MAX, Report

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[worker 7\] "


@pytest.fixture
def logged(capfd):
    """What was written to standard error since the last call."""
    return lambda: capfd.readouterr().err


def test_line(logged):
    """Time, worker and level stand before the text."""
    Log("worker 7").error("it failed\nand why")
    assert re.fullmatch(LINE + "error: it failed\nand why\n", logged())


def test_level(logged):
    """What is below the level is not written."""
    log = Log("worker 7", "warning")
    log.info("quiet")
    log.debug("quiet")
    log.warning("loud")
    assert "quiet" not in (text := logged()) and "loud" in text


def test_no_control_characters(logged):
    """A stranger's text cannot steer the terminal."""
    Log("worker 7").error("\x1b[2J\x07\udcff\t.")
    assert "\x1b" not in (text := logged()) and "\\x1b[2J\\x07\\udcff\t." in text


def test_nobody_reads(monkeypatch):
    """A broken standard error is no reason to fail a request."""
    def broken(fd, data):
        raise BrokenPipeError
    monkeypatch.setattr(os, "write", broken)
    Log("worker 7").error("lost")


def failure():
    try:
        raise ValueError("the message")
    except ValueError as error:
        return error


def test_report(logged):
    """The log has request and traceback; the page says nothing of it."""
    page = Report(Log("worker 7"), debug=False)(failure(), "GET", "/caf\xc3\xa9\n")
    text = logged()
    assert re.match(LINE + r"error: GET /café\\n failed\nTraceback", text)
    assert "in failure" in text and "ValueError: the message" in text
    assert page == b"500 Internal Server Error\n"


def test_report_debug(logged):
    """With --debug the page shows the traceback, as much as fits."""
    assert b"ValueError: the message" in Report(Log("worker 7"), debug=True)(failure(), "GET", "/")
    long = ValueError("x" * 2 * PAGE_SIZE_MAX)
    assert len(Report(Log("worker 7"), debug=True)(long, "GET", "/")) == PAGE_SIZE_MAX


def test_traceback_without_our_frames(project):
    """The first frame shown is the application's."""
    from headrace.loading import load
    project({"shop.py": "def fail():\n    1 / 0\nfail()\n"})
    with pytest.raises(ZeroDivisionError) as caught:
        load("shop:app", factory=False)
    shown = traceback_text(caught.value.with_traceback(caught.value.__traceback__.tb_next))
    assert "loading.py" not in shown and "importlib" not in shown and "shop.py" in shown
