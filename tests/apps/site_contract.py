"""What every framework's site under test answers; tests/e2e/test_frameworks.py asks for it.

GET  /hello/NAME       "Hello NAME"
POST /form             field `name`: redirects to /hello/NAME
POST /json             the same JSON
POST /upload           multipart `title` and `file`: upload_report() as JSON
GET  /download?bytes=N N bytes in pieces, with Content-Length
GET  /events           three server-sent events; all but the first wait for POST /next
GET  /visits           how often this session was here
GET  /error            raises RuntimeError(FAILURE)
"""

import hashlib

FAILURE = "broken on purpose"
EVENTS = ("one", "two", "three")
SECRET = "not a secret"
PIECE = b"0123456789abcdef" * 4096


def upload_report(title, name, file):
    """`file` is opened for reading; read in pieces, so that its size does not matter."""
    digest, size = hashlib.sha256(), 0
    while piece := file.read(len(PIECE)):
        digest.update(piece)
        size += len(piece)
    return {"title": title, "name": name, "size": size, "sha256": digest.hexdigest()}


def download(count):
    """A body of `count` bytes."""
    while count > 0:
        yield PIECE[:count]
        count -= len(PIECE)


def event(name):
    return f"data: {name}\n\n"
