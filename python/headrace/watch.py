"""Watch: looks after the requests of a worker from its control thread, while they run."""

from typing import Any, Protocol

from headrace.log import Log
from headrace.report import printable

Place = tuple[int, int, int]  # channel, slot, generation


class Watch(Protocol):
    """What the control thread asks of whichever interface is served."""

    def overdue(self, message: dict[str, Any]) -> None:
        """A request takes long: logs its stack, and ends it when it has timed out."""

    def stacks(self) -> list[dict[str, Any]]:
        """What every thread and task does: its name, its request or None, its frames."""


class NothingToWatch:
    """Before the application is served."""

    def overdue(self, message: dict[str, Any]) -> None:
        """There is no request yet."""

    def stacks(self) -> list[dict[str, Any]]:
        """There is nothing to tell yet."""
        return []


def place_of(message: dict[str, Any]) -> Place:
    """Which request a message is about."""
    return message["channel"], message["slot"], message["generation"]


def log_overdue(log: Log, message: dict[str, Any], stack: str) -> None:
    """One entry of the log: the request, how long it has run, and its stack now."""
    seen = f"{printable(message['name'])} has run for {message['age']:.1f} s"
    if message["timed_out"]:
        log.error(f"{seen}: its client was answered 504, and it is ended\n{stack}")
    else:
        log.warning(f"{seen} and goes on (slow_request)\n{stack}")
