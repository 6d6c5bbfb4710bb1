"""Steady mixed load on kept-alive connections, and exactly what became of each request.

A request is a failure unless its answer is 200 with the right body. A connection that the server
ends after an answer with `Connection: close`, or while nothing was asked, is none; one that ends
when a byte of a request was sent is.
"""

import collections
import contextlib
import dataclasses
import hashlib
import itertools
import random
import threading

from .wire import request_bytes, says_close

ANSWER_TIMEOUT = 60.0
PIPELINED_MAX = 5
UPLOAD_PIECE = 16 << 10
OK = "ok"


@dataclasses.dataclass
class Request:
    """What is sent, in pieces, and the body that the answer to it must have."""

    pieces: list
    answer: bytes


def _asking(path, number):
    target = f"{path}?{number}"
    return Request([request_bytes("GET", target)], target.encode())


def quick(chance, numbers):
    """One request, now and then several before the first answer."""
    count = chance.randint(2, PIPELINED_MAX) if chance.random() < 0.1 else 1
    return [_asking("/quick", next(numbers)) for _ in range(count)]


def slow(chance, numbers):
    """One that keeps a thread of the worker for 200 ms."""
    return [_asking("/slow", next(numbers))]


def leak(chance, numbers):
    """One after which its worker is larger."""
    return [_asking("/leak", next(numbers))]


def upload(chance, numbers):
    """100 KB to 2 MB, in pieces as they come from a network."""
    body = chance.randbytes(chance.randint(100 << 10, 2 << 20))
    head = request_bytes("POST", "/upload", ("Content-Length", str(len(body))))
    pieces = [body[at:at + UPLOAD_PIECE] for at in range(0, len(body), UPLOAD_PIECE)]
    return [Request([head, *pieces], hashlib.sha256(body).hexdigest().encode())]


def stream(chance, numbers):
    """A response of one to two seconds."""
    count = chance.randint(20, 40)
    return [Request([request_bytes("GET", f"/stream?{count}")],
                    b"".join(b"%08d" % number * 512 for number in range(count)))]


class Client(threading.Thread):
    """One that asks, waits for the answers, thinks for a moment and asks again."""

    def __init__(self, storm, kind, number):
        super().__init__(name=f"{kind.__name__}-{number}", daemon=True)
        self.turns = 0
        self._storm, self._kind = storm, kind
        self._chance = random.Random(self.name)
        self._numbers = itertools.count(number * 1_000_000)
        self._connection = None

    def run(self):
        while self._storm.begin(self):
            self._take_turn()
            self.turns += 1
            self._storm.end(self)
            self._storm.over.wait(self._chance.uniform(0.001, 0.01))
        self._drop()

    def _take_turn(self):
        unanswered = collections.deque(self._kind(self._chance, self._numbers))
        try:
            self._connect()
            for piece in itertools.chain(*(request.pieces for request in unanswered)):
                self._connection.socket.sendall(piece)
            while unanswered:
                self._read_answer(unanswered)
        except Exception as error:  # whatever it is, these requests have failed
            for _ in unanswered:
                self._note(f"{type(error).__name__}: {error}"[:200])
            self._drop()

    def _connect(self):
        if self._connection and self._connection.readable(0):
            assert self._connection.receive() == b"", "bytes that nobody has asked for"
            self._storm.closed_while_idle += 1
            self._drop()
        if self._connection is None:
            self._connection = self._storm.server.connect(timeout=ANSWER_TIMEOUT)

    def _read_answer(self, unanswered):
        response = self._connection.head()
        if len(unanswered) == 1:
            self._storm.end(self)
        body = b"".join(self._connection.pieces(response))
        request = unanswered.popleft()
        if response.status != 200:
            self._note(f"status {response.status}: {body[:100]}")
        else:
            self._note(OK if body == request.answer else f"wrong body {body[:100]}")
        if says_close(response):
            assert not unanswered, "closed before pipelined requests were answered"
            self._drop()

    def _note(self, outcome):
        self._storm.note(self._kind.__name__, outcome)

    def _drop(self):
        if self._connection:
            self._connection.close()
            self._connection = None


class Storm:
    """Clients of several kinds, `counts` of each, while the context lasts."""

    def __init__(self, server, counts):
        self.server = server
        self.over = threading.Event()
        self.outcomes = collections.Counter()   # by (kind, outcome)
        self.closed_while_idle = 0
        self._changed = threading.Condition()
        self._paused = False
        self._asking = set()   # clients whose last request has no answer yet, not even a head
        self._clients = [Client(self, kind, number) for number, kind in enumerate(
            kind for kind, count in counts.items() for _ in range(count))]

    def __enter__(self):
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        with self._changed:
            self._changed.notify_all()
        for client in self._clients:
            client.join(ANSWER_TIMEOUT + 10)
        assert not any(client.is_alive() for client in self._clients), "a client hangs"

    # What clients say

    def begin(self, client):
        """Waits while the load is paused. False: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.over.is_set() or not self._paused)
            self._asking.add(client)
        return not self.over.is_set()

    def end(self, client):
        with self._changed:
            self._asking.discard(client)
            self._changed.notify_all()

    def note(self, kind, outcome):
        with self._changed:
            self.outcomes[kind, outcome] += 1

    # What tests ask for

    @contextlib.contextmanager
    def pause(self):
        """Within it nobody waits for the beginning of an answer; streams that run go on."""
        with self._changed:
            self._paused = True
            assert self._changed.wait_for(lambda: not self._asking, ANSWER_TIMEOUT), "no pause"
        try:
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()

    def turns(self):
        """For each client how many times it has asked and been answered."""
        return [client.turns for client in self._clients]

    def ok_count(self):
        with self._changed:
            return sum(count for (_, outcome), count in self.outcomes.items() if outcome == OK)

    def failures(self):
        with self._changed:
            return {key: count for key, count in self.outcomes.items() if key[1] != OK}
