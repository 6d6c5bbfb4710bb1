"""A client on a raw socket: sends exactly the bytes it is given and reads answers strictly."""

import json
import re
import select
import socket
import struct
import time

STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-9]\d\d) ([\t\x20-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")
BAD_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
BODILESS = {204, 304}
SINGLE = ("content-length", "transfer-encoding", "content-type", "date", "server", "location")
RECEIVE_BYTES = 256 * 1024


class Malformed(AssertionError):
    """The server sent something that RFC 9112 does not allow."""


class Truncated(Exception):
    """The connection ended inside a response; `response` holds what had arrived of it."""

    def __init__(self, message, response=None):
        super().__init__(message)
        self.response = response


class Response:
    """One response: status, fields in their order, and the body without its framing."""

    def __init__(self, version, status, reason, fields):
        self.version, self.status, self.reason, self.fields = version, status, reason, fields
        self.interim = []       # statuses of the 1xx responses before this one
        self.trailers = []
        self.framing = "none"   # none | length | chunked | close
        self.body = b""

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        return (self.all(name) or [default])[0]

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:300]!r}>"


def request_bytes(method="GET", target="/", *fields, body=b"", host="localhost",
                  version="HTTP/1.1"):
    """A request; `fields` are (name, value) pairs or whole lines, added as they are."""
    lines = [b" ".join(_bytes(part) for part in (method, target, version))]
    if host is not None:
        lines.append(b"Host: " + _bytes(host))
    for field in fields:
        pair = isinstance(field, tuple)
        lines.append(b": ".join(map(_bytes, field)) if pair else _bytes(field))
    if body and not any(line.lower().startswith((b"content-length:", b"transfer-encoding:"))
                        for line in lines):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*pieces, extension=b"", last=b"0\r\n\r\n"):
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + last


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _token_list(values):
    return [item.strip().lower() for value in values for item in value.split(",") if item.strip()]


class Connection:
    """A client connection to (host, port) or to the path of a Unix socket."""

    def __init__(self, address, timeout=10.0, receive_buffer_bytes=None):
        family = (socket.AF_UNIX if isinstance(address, str) else
                  socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.timeout = timeout
        self.socket = socket.socket(family)
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Sending

    def send(self, data):
        """Send all of it. A server that has already answered and closed is no failure here."""
        try:
            self.socket.sendall(_bytes(data))
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_bytewise(self, data):
        """Each byte in a segment of its own."""
        for byte in _bytes(data):
            self.send(bytes((byte,)))

    def trickle(self, data, interval):
        """Send a byte every `interval` seconds until the server answers or all is sent."""
        for byte in _bytes(data):
            self.send(bytes((byte,)))
            if self.readable(interval):
                return

    def request(self, method="GET", target="/", *fields, **options):
        self.send(request_bytes(method, target, *fields, **options))

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Receiving

    def readable(self, timeout):
        return bool(self._buffer or select.select([self.socket], [], [], timeout)[0])

    def receive(self, count=RECEIVE_BYTES):
        """Some bytes as they come; b'' at the end of the stream."""
        if self._buffer:
            data, self._buffer = self._buffer[:count], self._buffer[count:]
            return data
        return self.socket.recv(count)

    def unread(self, data):
        """Put back what receive() gave: it comes first the next time."""
        self._buffer = data + self._buffer

    def _more(self, what):
        try:
            data = self.socket.recv(RECEIVE_BYTES)
        except ConnectionResetError as error:
            raise Truncated(f"reset while reading {what}") from error
        except TimeoutError as error:
            raise AssertionError(f"no {what} within {self.timeout} s; "
                                 f"got {self._buffer[:300]!r}") from error
        if not data:
            raise Truncated(f"end of stream while reading {what}; got {self._buffer[:300]!r}")
        self._buffer += data

    def _line(self, what):
        while b"\n" not in self._buffer:
            self._more(what)
        line, _, self._buffer = self._buffer.partition(b"\n")
        if not line.endswith(b"\r"):
            raise Malformed(f"{what} does not end in CRLF: {line!r}")
        return line[:-1]

    def _exactly(self, count, what):
        pieces, missing = [], count
        while missing:
            if not self._buffer:
                self._more(what)
            piece, self._buffer = self._buffer[:missing], self._buffer[missing:]
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _fields(self):
        fields = []
        while line := self._line("a field line"):
            match = FIELD_LINE.fullmatch(line)
            if not match or BAD_IN_VALUE.search(match[2]):
                raise Malformed(f"bad field line {line!r}")
            fields.append((match[1].decode(), match[2].decode("latin-1")))
        return fields

    def head(self, method="GET"):
        """Read up to the end of a final response's header section; `method` was the request's."""
        interim = []
        while True:
            line = self._line("a status line")
            match = STATUS_LINE.fullmatch(line)
            if not match:
                raise Malformed(f"bad status line {line!r}")
            response = Response(match[1].decode(), int(match[2]), match[3].decode("latin-1"),
                                self._fields())
            if response.status >= 200 or response.status == 101:
                break
            interim.append(response.status)
        response.interim = interim
        response.framing = self._framing(method, response)
        return response

    @staticmethod
    def _framing(method, response):
        lengths, codings = response.all("content-length"), response.all("transfer-encoding")
        for name in SINGLE:
            if len(response.all(name)) > 1:
                raise Malformed(f"several {name} fields: {response}")
        if lengths and codings:
            raise Malformed(f"Content-Length and Transfer-Encoding together: {response}")
        if response.status == 204 and (lengths or codings):
            raise Malformed(f"framing fields on 204: {response}")
        if lengths and not re.fullmatch(r"\d+", lengths[0]):
            raise Malformed(f"bad Content-Length: {response}")
        if codings and codings != ["chunked"]:
            raise Malformed(f"bad Transfer-Encoding: {response}")
        if method == "HEAD" or response.status in BODILESS:
            return "none"
        return "length" if lengths else "chunked" if codings else "close"

    def pieces(self, response):
        """The body of a response whose head was read, decoded, in pieces as they arrive."""
        if response.framing == "length":
            missing = int(response.get("content-length"))
            while missing:
                piece = self._some(missing)
                missing -= len(piece)
                yield piece
        elif response.framing == "chunked":
            yield from self._chunks(response)
        elif response.framing == "close":
            while piece := self._some(RECEIVE_BYTES, end_allowed=True):
                yield piece

    def _some(self, count, end_allowed=False):
        try:
            piece = self.receive(count)
        except ConnectionResetError as error:
            raise Truncated("reset inside a body") from error
        if not piece and not end_allowed:
            raise Truncated("end of stream inside a body")
        return piece

    def _chunks(self, response):
        while True:
            line = self._line("a chunk size")
            if not CHUNK_SIZE.fullmatch(line):
                raise Malformed(f"bad chunk size {line!r}")
            size = int(line, 16)
            if not size:
                response.trailers = self._fields()
                return
            yield self._exactly(size, "chunk data")
            if self._exactly(2, "the end of a chunk") != b"\r\n":
                raise Malformed("no CRLF after chunk data")

    def response(self, method="GET"):
        """Read one whole response."""
        response = self.head(method)
        body = []
        try:
            body.extend(self.pieces(response))
        except Truncated as error:
            response.body = b"".join(body)
            raise Truncated(str(error), response) from error
        response.body = b"".join(body)
        return response

    def exchange(self, method="GET", target="/", *fields, **options):
        self.request(method, target, *fields, **options)
        return self.response(method)

    def expect_end(self, timeout=None):
        """The server closes without another byte, and in order: FIN, not RST."""
        self.socket.settimeout(timeout or self.timeout)
        try:
            rest = self.receive()
        except TimeoutError as error:
            raise AssertionError("the connection stays open") from error
        except ConnectionResetError as error:
            raise AssertionError("the connection was reset, not closed") from error
        assert rest == b"", f"bytes after the last response: {rest[:300]!r}"

    def is_over(self, timeout):
        """True when the server ends the connection, in whatever way, within `timeout`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.readable(max(0.0, deadline - time.monotonic())):
                return False
            try:
                if not self.receive():
                    return True
            except ConnectionResetError:
                return True
        return False

    def expect_kept(self):
        """The connection still serves: a further request on it gets its own answer."""
        answer = self.exchange("GET", "/kept")
        assert answer.status == 200, answer


def says_close(response):
    """True when the response announces the end of its connection (RFC 9112 section 9.6)."""
    return "close" in _token_list(response.all("connection"))
