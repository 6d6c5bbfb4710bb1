"""Applications that break ASGI or HTTP, one a path: /<name of the function>."""


def start(status=200, *fields):
    return {"type": "http.response.start", "status": status,
            "headers": [(b"content-type", b"text/plain"), *fields]}


def body(data, more=False):
    return {"type": "http.response.body", "body": data, "more_body": more}


async def header_with_line_break(send):
    await send(start(200, (b"x-a", b"1\r\nX-Evil: 1")))
    await send(body(b"evil"))


async def header_with_line_feed(send):
    await send(start(200, (b"x-a", b"1\nX-Evil: 1")))
    await send(body(b"evil"))


async def header_with_nul(send):
    await send(start(200, (b"x-evil", b"1\0")))
    await send(body(b"evil"))


async def header_name_with_space(send):
    await send(start(200, (b"x-evil a", b"1")))
    await send(body(b"evil"))


async def header_name_empty(send):
    await send(start(200, (b"", b"X-Evil")))
    await send(body(b"evil"))


async def header_not_bytes(send):
    await send(start(200, ("x-evil", "1")))
    await send(body(b"evil"))


async def status_text(send):
    await send(start("200 X-Evil"))
    await send(body(b"evil"))


async def status_short(send):
    await send(start(20))
    await send(body(b"evil"))


async def status_long(send):
    await send(start(2000))
    await send(body(b"evil"))


async def status_interim(send):
    await send(start(100))
    await send(body(b"evil"))


async def length_not_a_number(send):
    await send(start(200, (b"content-length", b"x-evil")))
    await send(body(b"evil"))


async def body_first(send):
    await send(body(b"evil"))


async def message_unknown(send):
    await send({"type": "evil"})


async def no_answer(send):
    return


async def body_not_bytes(send):
    await send(start())
    await send(body("evil"))


async def raises_before_start(send):
    raise ValueError("the message of the failure")


async def raises_after_body(send):
    await send(start())
    await send(body(b"first", more=True))
    raise ValueError("the message of the failure")


async def ends_before_last_body(send):
    await send(start())
    await send(body(b"first", more=True))


async def shorter_than_length(send):
    await send(start(200, (b"content-length", b"10")))
    await send(body(b"first"))


async def longer_than_length(send):
    await send(start(200, (b"content-length", b"5")))
    await send(body(b"fir", more=True))
    await send(body(b"st and evil", more=True))
    await send(body(b"evil"))


async def no_content(send):
    await send({"type": "http.response.start", "status": 204,
                "headers": [(b"content-length", b"4")]})
    await send(body(b"evil"))


async def not_modified(send):
    await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"1"')]})
    await send(body(b"evil"))


async def hop_by_hop(send):
    await send(start(200, (b"connection", b"close"), (b"transfer-encoding", b"gzip"),
                     (b"keep-alive", b"timeout=5"), (b"content-length", b"5")))
    await send(body(b"first"))


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError(f"no {scope['type']} here")
    name = scope["path"].lstrip("/")
    if name in globals() and name not in ("app", "start", "body"):
        return await globals()[name](send)
    await send(start(200, (b"content-length", b"2")))
    await send(body(b"ok"))
