"""Waiting for a condition with a deadline: the only place of the tests that sleeps."""

import time

POLL_SECONDS = 0.01


def eventually(condition, timeout=10.0, what="the condition", poll_seconds=POLL_SECONDS):
    """The first true value of condition(); fails when there is none within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout} s; last: {value!r}")
        time.sleep(poll_seconds)


def holds_for(condition, seconds, what="the condition"):
    """Check that condition() stays true for `seconds`: for what must NOT happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"{what} did not hold for {seconds} s"
        time.sleep(POLL_SECONDS)
