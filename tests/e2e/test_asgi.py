"""ASGI 3 through the real server: scope, streaming both ways, disconnect, lifespan, contexts."""

import pytest
from harness.server import Server, headrace
from harness.wait import eventually, holds_for
from harness.wire import request_bytes

BACKPRESSURE_BYTES = 8 * 1024 * 1024   # server window and all socket buffers are far below it


@pytest.fixture
def pages(shared_server):
    return shared_server("asgi_pages:app", "--workers", "1")


@pytest.fixture
def stream(shared_server):
    """Request bodies are streamed to the application."""
    return shared_server("asgi_pages:app", "--workers", "1", "--request-body", "stream")


def happened(server):
    return server.get("/events_so_far").json()


def test_scope(pages):
    """The http scope has all that ASGI 3 (2.3 and later) names."""
    seen = pages.get("/scope/a%20b%2fc?q=%C3%A9&x", ("X-A-B", "1"), ("Accept", "*/*")).json()
    assert {key: seen[key] for key in ("type", "http_version", "method", "scheme", "path",
                                       "raw_path", "query_string", "root_path")} == {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/scope/a b/c", "raw_path": "/scope/a%20b%2fc", "query_string": "q=%C3%A9&x",
        "root_path": ""}
    assert seen["headers"] == [["host", "localhost"], ["x-a-b", "1"], ["accept", "*/*"]]
    assert seen["asgi"]["version"] == "3.0" and seen["asgi"]["spec_version"] >= "2.3"
    assert seen["server"] == list(pages.address)
    assert seen["client"][0] == "127.0.0.1" and seen["client"][1] > 0


def test_scope_of_unix_socket():
    """Behind a Unix socket server is its path, and client is absent or null."""
    with Server("asgi_pages:app", "--workers", "1", bind="unix") as server:
        seen = server.get("/scope").json()
        assert seen["server"] == [server.address, None] and not seen.get("client")


def test_path_beyond_latin(pages):
    """path is UTF-8 decoded, raw_path is what was sent."""
    seen = pages.get("/scope/%E2%98%83").json()
    assert (seen["path"], seen["raw_path"]) == ("/scope/\u2603", "/scope/%E2%98%83")
    assert pages.get("/scope/%ff").json()["path"].startswith("/scope/")   # and no 500


def test_root_path():
    """--root-path is root_path; path holds it too, as the specification says."""
    with Server("asgi_pages:app", "--workers", "1", "--root-path", "/shop",
                probe="/shop/process_id") as server:
        seen = server.get("/shop/scope").json()
        assert (seen["root_path"], seen["path"]) == ("/shop", "/shop/scope")


def test_streamed_response(pages):
    """Each piece arrives when it is sent, not when the next one is."""
    with pages.connect() as client:
        client.request("GET", "/streamed")
        pieces = client.pieces(client.head())
        for piece in (b"one", b"two", b"three"):
            assert next(pieces) == piece
            pages.get("/release")
        assert b"".join(pieces) == b"end"


def test_streamed_request(stream):
    """With --request-body stream the application sees each piece of the body as it arrives."""
    with stream.connect() as client:
        client.request("POST", "/upload", ("Content-Length", "300"))
        for size in (100, 200):
            client.send(b"x" * 100)
            eventually(lambda: f"upload {size}" in happened(stream), what="the piece")
        client.send(b"x" * 100)
        assert client.response().text == "300"
        assert client.exchange("GET", "/process_id").status == 200


def test_streamed_request_in_chunks(stream):
    """Streaming with chunked framing: pieces arrive one by one."""
    before = happened(stream).count("upload 5")
    with stream.connect() as client:
        client.request("POST", "/upload", ("Transfer-Encoding", "chunked"))
        client.send(b"5\r\nfirst\r\n")
        eventually(lambda: happened(stream).count("upload 5") > before, what="the chunk")
        client.send(b"4\r\nlast\r\n0\r\n\r\n")
        assert client.response().text == "9"


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
def test_row69_streamed_request_is_cut_off(stream, leave):
    """Row 69: a body that ends too early is http.disconnect, not the end of the body."""
    before = happened(stream).count("upload cut off after 5")
    client = stream.connect()
    client.request("POST", "/upload", ("Content-Length", "100"))
    client.send(b"first")
    eventually(lambda: "upload 5" in happened(stream), what="the first piece")
    getattr(client, leave)()
    eventually(lambda: happened(stream).count("upload cut off after 5") > before,
               what="http.disconnect")
    client.close()


def test_streamed_request_back_pressure(stream):
    """A client is not read faster than the application takes the body."""
    with stream.connect(timeout=1) as client:
        client.request("POST", "/upload_slow", ("Content-Length", str(1 << 30)))
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 64 << 20:
                sent += client.socket.send(b"x" * 65536)
        assert sent < 4 * BACKPRESSURE_BYTES
        stream.get("/release")
        eventually(lambda: client.socket.send(b"x" * 65536), what="the upload to go on")


def test_continue_when_the_application_reads(stream):
    """Row 74: streamed, 100 Continue is sent when the application asks for the body."""
    with stream.connect() as client:
        client.request("POST", "/upload_slow", ("Expect", "100-continue"),
                       ("Content-Length", "4"))
        assert not client.readable(0.2)
        stream.get("/release")
        assert client.readable(10)
        client.send(b"body")
        response = client.response()
        assert (response.interim, response.text) == ([100], "4")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_disconnect(pages, leave):
    """An application that waits in receive() is told when its client goes."""
    before = happened(pages).count("then http.disconnect")
    client = pages.connect()
    client.request("GET", "/disconnect")
    eventually(lambda: "first http.request" in happened(pages), what="the request")
    getattr(client, leave)()
    eventually(lambda: happened(pages).count("then http.disconnect") > before,
               what="http.disconnect")


def test_disconnect_after_the_end(pages):
    """receive() after a complete response returns http.disconnect."""
    assert pages.get("/receive_after_end").text == "complete"
    eventually(lambda: "after the end http.disconnect" in happened(pages), what="the message")


def test_back_pressure(pages):
    """send() waits for a client that does not read; it ends when the client goes."""
    def sent():
        return [int(event[5:]) for event in happened(pages) if event.startswith("sent ")]

    before = happened(pages).count("endless ended")
    with pages.connect(receive_buffer_bytes=4096) as client:
        client.request("GET", "/endless")
        client.head()
        last = [-1]

        def stalled():
            last.append(sum(sent()))
            return last[-1] > 0 and last[-1] == last[-2]
        eventually(stalled, what="the application to wait")
        holds_for(lambda: sum(sent()) < BACKPRESSURE_BYTES, 0.3, "the bound")
        client.reset()
    eventually(lambda: happened(pages).count("endless ended") > before, what="the end")


def test_context_variables(pages):
    """Each request starts from the context of the worker, also one that never suspends."""
    with pages.connect() as client:
        client.send(request_bytes("GET", "/set_variable") * 10)
        assert [client.response().text for _ in range(10)] == ["unset"] * 10


def test_context_variables_of_concurrent_requests(pages):
    """Requests that run at once keep their own values across suspensions."""
    clients = [pages.connect() for _ in range(10)]
    for i, client in enumerate(clients):
        client.request("GET", f"/set_variable_slowly?{i}")
    for i, client in enumerate(clients):
        assert client.response().text == f"unset {i}"
        client.close()


def test_current_task(pages):
    """asyncio.current_task() and timeouts work in an application."""
    assert pages.get("/current_task").text == "a task"


def test_uvloop(pages):
    """The event loop is uvloop when it can be imported."""
    assert pages.get("/loop").text.startswith("uvloop")


def test_concurrency(pages):
    """A hundred requests are in one worker at once."""
    before = happened(pages).count("held")
    clients = [pages.connect() for _ in range(100)]
    for client in clients:
        client.request("GET", "/held")
    eventually(lambda: happened(pages).count("held") == before + 100, what="100 requests at once")
    for _ in clients:
        pages.get("/release")
    for client in clients:
        assert client.response().text == "released"
        client.close()


def test_lifespan_state(pages):
    """What startup puts into the state each request sees, in a copy of its own."""
    assert [pages.get("/state").text for _ in range(2)] == ["lifespan 1"] * 2


def test_lifespan_shutdown():
    """The server waits for lifespan.shutdown.complete before it ends the worker."""
    with Server("asgi_pages:app", "--workers", "1") as server:
        server.stop()
        assert "shutdown was awaited" in server.log()


def test_lifespan_startup_fails():
    """A failed startup ends `headrace run` with its message and exit code 1."""
    ended = headrace("run", "asgi_pages:app", "--bind", "127.0.0.1:0", "--python",
                     "/usr/bin/python3", env={"LIFESPAN": "failed"})
    assert ended.returncode == 1 and "no database today" in ended.output, ended.output


def test_lifespan_not_supported(shared_server):
    """An application that raises on the lifespan scope is served without one."""
    assert shared_server("asgi_echo:app", "--workers", "1").get("/").status == 200


def test_callable_object(shared_server):
    """An object with an asynchronous __call__ is known as ASGI."""
    server = shared_server("asgi_pages:instance", "--workers", "1")
    assert server.get("/process_id").text == str(server.worker.pid)
