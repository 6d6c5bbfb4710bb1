"""Applications that break ASGI or HTTP, one a path: /<name>."""

PLAIN = (b"content-type", b"text/plain")


def start(*fields, status=200):
    return {"type": "http.response.start", "status": status, "headers": [*fields]}


def body(data, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


def sends(*messages):
    """An application that sends these messages and returns."""
    async def page(send):
        for message in messages:
            await send(message)
    return page


EVIL = body(b"evil")
header_with_line_break = sends(start((b"x-a", b"1\r\nX-Evil: 1")), EVIL)
header_with_line_feed = sends(start((b"x-a", b"1\nX-Evil: 1")), EVIL)
header_with_nul = sends(start((b"x-evil", b"1\0")), EVIL)
header_name_with_space = sends(start((b"x-evil a", b"1")), EVIL)
header_name_empty = sends(start((b"", b"X-Evil")), EVIL)
header_not_bytes = sends(start(("x-evil", "1")), EVIL)
status_text = sends(start(status="200 X-Evil"), EVIL)
status_short = sends(start(status=20), EVIL)
status_long = sends(start(status=2000), EVIL)
status_interim = sends(start(status=100), EVIL)
length_not_a_number = sends(start((b"content-length", b"x-evil")), EVIL)
body_first = sends(EVIL)
body_not_bytes = sends(start(PLAIN), body("evil"))
message_unknown = sends({"type": "evil"})
no_answer = sends()
ends_before_last_body = sends(start(PLAIN), body(b"first", more=True))
shorter_than_length = sends(start((b"content-length", b"10")), body(b"first"))
longer_than_length = sends(start((b"content-length", b"5")), body(b"fir", more=True),
                           body(b"st and evil", more=True), EVIL)
no_content = sends(start((b"content-length", b"4"), status=204), EVIL)
not_modified = sends(start((b"etag", b'"1"'), status=304), EVIL)
hop_by_hop = sends(start((b"connection", b"close"), (b"transfer-encoding", b"gzip"),
                         (b"keep-alive", b"timeout=5"), (b"content-length", b"5")),
                   body(b"first"))


async def raises_before_start(send):
    raise ValueError("the message of the failure")


async def raises_after_body(send):
    await send(start(PLAIN))
    await send(body(b"first", more=True))
    raise ValueError("the message of the failure")


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(f"no {scope['type']} here")
    page = globals().get(scope["path"].lstrip("/"), sends(start(PLAIN), body(b"ok")))
    await page(send)
