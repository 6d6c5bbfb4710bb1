"""Answers with what it was asked: scope and body as JSON, and a few sizes of body."""

import collections
import json
import urllib.parse

calls = collections.Counter()


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(f"no {scope['type']} here")
    query = dict(urllib.parse.parse_qsl(scope["query_string"].decode()))
    path = scope["path"]
    if path == "/size":
        return await answer(send, b"x" * int(query["bytes"]))
    if path == "/pieces":
        return await pieces(send, int(query["count"]), b"x" * int(query["bytes"]))
    if path == "/unread":
        return await answer(send, b"unread", 401)
    if path == "/calls":
        return await answer(send, str(calls[query["key"]]).encode())
    calls[query.get("key")] += 1
    body = await whole_body(receive)
    await answer(send, json.dumps(seen(scope, body)).encode())


async def whole_body(receive):
    body = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request", message
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def answer(send, body, status=200):
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-type", b"text/plain"),
                            (b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def pieces(send, count, piece):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    for _ in range(count):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


def seen(scope, body):
    return {
        "interface": "asgi",
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode("latin-1"),
        "root_path": scope["root_path"],
        "query": scope["query_string"].decode("latin-1"),
        "version": "HTTP/" + scope["http_version"],
        "scheme": scope["scheme"],
        "peer": scope["client"] and scope["client"][0],
        "fields": [[name.decode("latin-1"), value.decode("latin-1")]
                   for name, value in scope["headers"]],
        "body": body.decode("latin-1"),
        "scope": {key: repr(value) for key, value in scope.items()},
    }
