"""Large bodies behind WSGI: /upload, /download?bytes=N, /file?bytes=N, /produced."""

import hashlib
import tempfile
import urllib.parse

PIECE = bytes(range(256)) * 256
produced = [0]


def app(environ, start_response):
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    path = environ["PATH_INFO"]
    count = int(query.get("bytes", 0))
    fields = [("Content-Type", "application/octet-stream")]
    if path == "/download":
        produced[0] = 0
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
    while produced[0] < count:
        piece = PIECE[:count - produced[0]]
        produced[0] += len(piece)
        yield piece


def digest(stream):
    found = hashlib.sha256()
    while piece := stream.read(65536):
        found.update(piece)
    return found.hexdigest()
