"""Large bodies behind ASGI: /upload, /download?bytes=N, /produced."""

import hashlib
import urllib.parse

PIECE = bytes(range(256)) * 256
produced = [0]   # bytes of the response that was continued last


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(f"no {scope['type']} here")
    query = dict(urllib.parse.parse_qsl(scope["query_string"].decode()))
    if scope["path"] == "/download":
        return await download(send, int(query["bytes"]))
    body = str(produced[0])
    if scope["path"] == "/upload":
        body = await digest(receive)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body.encode()})


async def download(send, count):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"%d" % count)]})
    sent = 0
    while sent < count:
        piece = PIECE[:count - sent]
        sent += len(piece)
        produced[0] = sent
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def digest(receive):
    found, more = hashlib.sha256(), True
    while more:
        message = await receive()
        found.update(message["body"])
        more = message["more_body"]
    return found.hexdigest()
