"""10 KiB of JSON ready to send from raw WSGI: what a larger answer costs the server."""

import json

from catalogue import ROWS

BODY = json.dumps(ROWS, separators=(",", ":")).encode()
FIELDS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    start_response("200 OK", FIELDS)
    return [BODY]
