"""PEP 3333 in all its corners, one a path: /<name of the function>."""

import gate
import io
import json
import os
import tempfile
import urllib.parse
import wsgiref.validate

TEXT = ("Content-Type", "text/plain")
events = []   # what happened so far; GET /events


def input_methods(environ, start_response):
    """All ways to read wsgi.input; the body has seven lines or more."""
    stream = environ["wsgi.input"]
    read = [stream.read(4), stream.readline(), stream.readline(3), stream.readline(),
            next(iter(stream)), *stream.readlines(1), *stream, stream.read(), stream.read(5),
            stream.readline(), *stream.readlines()]
    return text(start_response, json.dumps([piece.decode() for piece in read]))


def written(environ, start_response):
    """write() and the iterable together."""
    write = start_response("200 OK", [TEXT])
    write(b"one ")
    write(b"")
    write(b"two ")
    return [b"three"]


def write_held(environ, start_response):
    """What write() took is on its way before the application goes on."""
    write = start_response("200 OK", [TEXT])
    write(b"first")
    gate.wait()
    write(b"second")
    return []


def empty_pieces(environ, start_response):
    start_response("200 OK", [TEXT])
    return iter([b"", b"one", b"", b"two", b""])


def single(environ, start_response):
    """One piece without a length: the server can count it."""
    start_response("200 OK", [TEXT])
    return [b"counted"]


def file(environ, start_response):
    """wsgi.file_wrapper around a real file, from QUERY_STRING bytes on."""
    stream = tempfile.TemporaryFile()
    stream.write(b"0123456789" * 100_000)
    stream.seek(int(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [TEXT])
    return environ["wsgi.file_wrapper"](Noted("file", stream))


def file_length(environ, start_response):
    """wsgi.file_wrapper with a Content-Length shorter than the file."""
    stream = tempfile.TemporaryFile()
    stream.write(b"0123456789" * 100_000)
    stream.seek(0)
    start_response("200 OK", [TEXT, ("Content-Length", "25")])
    return environ["wsgi.file_wrapper"](stream)


def file_in_memory(environ, start_response):
    """wsgi.file_wrapper around something that has no descriptor."""
    start_response("200 OK", [TEXT])
    return environ["wsgi.file_wrapper"](Noted("memory", io.BytesIO(b"0123456789" * 10_000)), 8192)


class Noted:
    """A file whose close() is noted."""

    def __init__(self, name, stream):
        self.name, self.stream = name, stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        events.append(f"closed {self.name}")
        self.stream.close()


class Body:
    """An iterable whose close() is noted."""

    def __init__(self, name, pieces):
        self.name, self.pieces = name, iter(pieces)

    def __iter__(self):
        return self.pieces

    def close(self):
        events.append(f"closed {self.name}")


def closed(environ, start_response):
    start_response("200 OK", [TEXT])
    return Body("closed", [b"one", b"two"])


def closed_after_error(environ, start_response):
    def pieces():
        yield b"one"
        raise ValueError("the message of the failure")
    start_response("200 OK", [TEXT])
    return Body("after error", pieces())


def closed_unsent(environ, start_response):
    """HEAD and 304 do not need the body, but close() is still called."""
    start_response("304 Not Modified", [])
    return Body("unsent", [b"one"])


def closed_endless(environ, start_response):
    """A generator that never ends by itself: closed when its client is gone."""
    def pieces():
        try:
            while True:
                yield b"x" * 10_000
        finally:
            events.append("closed endless")
    start_response("200 OK", [TEXT])
    return pieces()


def close_raises(environ, start_response):
    class Bad(Body):
        def close(self):
            raise ValueError("the message of the failure")
    start_response("200 OK", [TEXT, ("Content-Length", "3")])
    return Bad("bad", [b"one"])


def late_start(environ, start_response):
    """A generator application: start_response is called when the first piece is asked for."""
    start_response("200 OK", [TEXT])
    yield b"late"


def held(environ, start_response):
    events.append("held")
    gate.wait()
    return text(start_response, "released")


def release(environ, start_response):
    gate.release()
    return text(start_response, "released")


def events_so_far(environ, start_response):
    return text(start_response, json.dumps(events))


def errors(environ, start_response):
    environ["wsgi.errors"].write("a line for the log\n")
    environ["wsgi.errors"].writelines(["two more ", "parts\n"])
    environ["wsgi.errors"].flush()
    return text(start_response, "noted")


def exits(environ, start_response):
    raise SystemExit("an application that wants to leave")


def process_id(environ, start_response):
    return text(start_response, str(os.getpid()))


def status(environ, start_response):
    """Answers with the query as the status."""
    start_response(urllib.parse.unquote_to_bytes(environ["QUERY_STRING"]).decode("latin-1"), [TEXT])
    return [b"answered"]


def environ(environ, start_response):
    return text(start_response, json.dumps({key: value for key, value in environ.items()
                                            if isinstance(value, (str, bool, int, tuple))}))


def text(start_response, content):
    start_response("200 OK", [TEXT])
    return [content.encode()]


PAGES = {name: value for name, value in globals().items() if callable(value)}


def app(environ, start_response):
    name = environ["PATH_INFO"].strip("/").split("/")[0] or "process_id"
    return PAGES[name](environ, start_response)


def valid_app(environ, start_response):
    """Keeps to the letter of PEP 3333, for the validator."""
    body = environ["wsgi.input"].read(10)
    start_response("200 OK", [TEXT, ("Content-Length", str(len(body) + 2))])
    return [b"ok", body]


validated = wsgiref.validate.validator(valid_app)
