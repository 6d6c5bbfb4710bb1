"""Answers with what it was asked: environ and body as JSON, and a few sizes of body."""

import collections
import json
import urllib.parse

calls = collections.Counter()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    if path == "/size":
        return answer(start_response, [b"x" * int(query["bytes"])])
    if path == "/pieces":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * int(query["bytes"]) for _ in range(int(query["count"])))
    if path == "/unread":
        return answer(start_response, [b"unread"], "401 Unauthorized")
    if path == "/calls":
        return answer(start_response, [str(calls[query["key"]]).encode()])
    calls[query.get("key")] += 1
    body = environ["wsgi.input"].read()
    return answer(start_response, [json.dumps(seen(environ, body)).encode()])


def answer(start_response, body, status="200 OK"):
    start_response(status, [("Content-Type", "text/plain"),
                            ("Content-Length", str(sum(map(len, body))))])
    return body


def seen(environ, body):
    fields = [[key[5:].replace("_", "-").lower(), value]
              for key, value in environ.items() if key.startswith("HTTP_")]
    fields += [[key.replace("_", "-").lower(), environ[key]]
               for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(key)]
    return {
        "interface": "wsgi",
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ.get("QUERY_STRING", ""),
        "version": environ["SERVER_PROTOCOL"],
        "scheme": environ["wsgi.url_scheme"],
        "peer": environ.get("REMOTE_ADDR"),
        "fields": fields,
        "body": body.decode("latin-1"),
        "environ": {key: value for key, value in environ.items()
                    if isinstance(value, (str, bool, int))
                    or key == "wsgi.version"},
    }
