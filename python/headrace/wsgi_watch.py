"""WsgiWatch: looks after the requests in the threads of a WSGI worker."""

from typing import Any

from headrace import stacks
from headrace.log import Log
from headrace.report import printable
from headrace.watch import Place, log_overdue, place_of


class WsgiWatch:
    """See watch.Watch. `server` is the _worker.WsgiServer."""

    def __init__(self, server: Any, log: Log) -> None:
        self._server = server
        self._log = log

    def overdue(self, message: dict[str, Any]) -> None:
        """Logs the stack of the request's thread; has RequestTimeout raised there."""
        place = place_of(message)
        ident = self._thread_of(place)
        if ident is None:
            return
        stack = stacks.thread_stack(ident)
        # The thread may have gone on meanwhile: then the stack could be another request's.
        if self._thread_of(place) != ident:
            return
        log_overdue(self._log, message, stacks.block(f"thread {stacks.thread_name(ident)}", stack))
        if message["timed_out"]:
            self._server.interrupt(place)

    def stacks(self) -> list[dict[str, Any]]:
        """One entry a thread."""
        requests = {ident: printable(name) for _, name, _, ident in self._server.running()}
        return [{"name": stacks.thread_name(ident), "request": requests.get(ident),
                 "frames": stacks.thread_stack(ident)} for ident in stacks.other_threads()]

    def _thread_of(self, place: Place) -> int | None:
        for running, _, _, ident in self._server.running():
            if running == place:
                return ident
        return None
