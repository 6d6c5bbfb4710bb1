"""Keeps a megabyte of each request for good, as an application with a leak does."""

import os
import urllib.parse

kept = []


def app(environ, start_response):
    """/ leaks query `bytes` (1 MB by default) and answers with its pid; /pid only answers."""
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    if environ["PATH_INFO"] != "/pid":
        size = int(query.get("bytes", 1024 * 1024))
        kept.append(bytearray(b"x") * size)   # written to, so that it is really taken
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
