"""Load from several client threads, and what became of each request."""

import collections
import threading
import time

from .wire import Malformed, Truncated


class Load:
    """Clients that ask for `target` in a row until stopped; counts statuses and failures.

    A connection that ends before its answer counts as 'cut'; one that is refused as 'refused'.
    """

    def __init__(self, server, target="/", client_count=4):
        self.counts = collections.Counter()
        self.answers = []   # (time, status, body)
        self._server, self._target = server, target
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True)
                         for _ in range(client_count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads), "a client hangs"

    def _run(self):
        client = None
        while not self._stopping.is_set():
            try:
                client = client or self._server.connect()
                response = client.exchange("GET", self._target)
                self._note(response.status, response.body)
                if response.status != 200:
                    client = self._dropped(client)
            except (Truncated, BrokenPipeError, ConnectionResetError):
                self._note("cut")
                client = self._dropped(client)
            except (ConnectionRefusedError, FileNotFoundError):
                self._note("refused")
                time.sleep(0.01)
            except (AssertionError, Malformed, OSError) as error:
                self._note(repr(error))
                client = self._dropped(client)
        self._dropped(client)

    @staticmethod
    def _dropped(client):
        if client:
            client.close()

    def _note(self, what, body=b""):
        self.counts[what] += 1
        self.answers.append((time.monotonic(), what, body))

    def ok_since(self, moment):
        """Bodies of the answers 200 that came after a moment of time.monotonic()."""
        return [body for when, what, body in list(self.answers) if when > moment and what == 200]

    def failures(self):
        return {what: count for what, count in self.counts.items() if what != 200}
