"""Large bodies behind WSGI: /upload, /download?bytes=N, /file?bytes=N, /produced."""

import hashlib
import tempfile
import urllib.parse

PIECE = bytes(range(256)) * 256
produced = [0]   # bytes of the response that was continued last


def app(environ, start_response):
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    path = environ["PATH_INFO"]
    count = int(query.get("bytes", 0))
    fields = [("Content-Type", "application/octet-stream")]
    if path == "/download":
        start_response("200 OK", [*fields, ("Content-Length", str(count))])
        return download(count)
    if path == "/file":
        file = tempfile.TemporaryFile()
        file.truncate(count)
        start_response("200 OK", [*fields, ("Content-Length", str(count))])
        return environ["wsgi.file_wrapper"](file)
    start_response("200 OK", fields)
    if path == "/upload":
        return [digest(environ["wsgi.input"]).encode()]
    return [str(produced[0]).encode()]


def download(count):
    sent = 0
    while sent < count:
        piece = PIECE[:count - sent]
        sent += len(piece)
        produced[0] = sent
        yield piece


def digest(stream):
    found = hashlib.sha256()
    while piece := stream.read(65536):
        found.update(piece)
    return found.hexdigest()
