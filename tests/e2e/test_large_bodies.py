"""Uploads of 200 MB and downloads of 1 GB: memory does not grow with them."""

import hashlib

import pytest
from harness.forms import BOUNDARY, MULTIPART
from harness.server import SANITIZED, Server
from harness.wait import eventually, holds_for
from harness.wire import Connection, Truncated

MB = 1024 * 1024
UPLOAD_BYTES = 200 * MB
DOWNLOAD_BYTES = 1024 * MB
EDGE_GROWTH_MAX = 16 * MB
WORKER_GROWTH_MAX = 32 * MB
AHEAD_MAX = 8 * MB      # what server and kernel may hold for a client that reads slowly
WINDOW_BYTES = 256 * 1024   # the default of response_window
PIECE = bytes(range(256)) * 4096

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(180)]


@pytest.fixture(params=["wsgi", "asgi"])
def large(request):
    with Server(f"large_{request.param}:app", "--workers", "1", probe="/produced") as server:
        yield server


class Memory:
    """Peak resident memory of edge and worker, from the moment of its creation on."""

    def __init__(self, server):
        self._bounds = {server.edge: EDGE_GROWTH_MAX, server.worker: WORKER_GROWTH_MAX}
        self._before = {process: process.peak_resident_bytes() for process in self._bounds}

    def expect_bounded(self):
        if SANITIZED:
            return
        for process, bound in self._bounds.items():
            growth = process.peak_resident_bytes() - self._before[process]
            assert growth < bound, f"{process} grew by {growth / MB:.1f} MB"


def send_pieces(client, count, chunked=False):
    """Send `count` bytes; returns their digest."""
    digest = hashlib.sha256()
    for _ in range(count // len(PIECE)):
        digest.update(PIECE)
        client.send(b"%x\r\n" % len(PIECE) + PIECE + b"\r\n" if chunked else PIECE)
    if chunked:
        client.send(b"0\r\n\r\n")
    return digest.hexdigest()


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_upload(large, framing):
    """An upload of 200 MB arrives unchanged; neither edge nor worker grows with it."""
    memory = Memory(large)
    with large.connect(timeout=60) as client:
        field = (("Content-Length", str(UPLOAD_BYTES)) if framing == "length"
                 else ("Transfer-Encoding", "chunked"))
        client.request("POST", "/upload", field)
        sent = send_pieces(client, UPLOAD_BYTES, framing == "chunked")
        assert client.response().text == sent
        memory.expect_bounded()
        client.expect_kept()


@pytest.mark.parametrize("app", ["flask_site:app", "fastapi_site:app"])
def test_multipart_upload(app):
    """A file of 200 MB in a form of Flask and FastAPI arrives unchanged, in bounded memory."""
    start = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nLarge\r\n'
             f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
             f'Content-Type: application/octet-stream\r\n\r\n').encode()
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    with Server(app, "--workers", "1") as server, server.connect(timeout=60) as client:
        memory = Memory(server)
        client.request("POST", "/upload", MULTIPART,
                       ("Content-Length", str(len(start) + UPLOAD_BYTES + len(end))))
        client.send(start)
        sent = send_pieces(client, UPLOAD_BYTES)
        client.send(end)
        assert client.response().json() == {"title": "Large", "name": "a.bin",
                                            "size": UPLOAD_BYTES, "sha256": sent}
        memory.expect_bounded()


def test_streamed_upload():
    """With --request-body stream 200 MB pass through without a file, in bounded memory."""
    with Server("large_asgi:app", "--workers", "1", "--request-body", "stream",
                "--temp-dir", "/proc", probe="/produced") as server:
        memory = Memory(server)
        with server.connect(timeout=60) as client:
            client.request("POST", "/upload", ("Content-Length", str(UPLOAD_BYTES)))
            sent = send_pieces(client, UPLOAD_BYTES)
            assert client.response().text == sent
        memory.expect_bounded()


def test_upload_leaves_no_file(tmp_path):
    """The file of a large body is unlinked from the start, also while the upload runs."""
    with Server("large_wsgi:app", "--workers", "1", "--temp-dir", tmp_path,
                probe="/produced") as server:
        def unlinked_files():
            return [name for name in server.edge.open_files() if str(tmp_path) in name]

        with server.connect() as client:
            client.request("POST", "/upload", ("Content-Length", str(4 * MB)))
            client.send(PIECE * 3)
            eventually(unlinked_files, what="the file")
            assert not list(tmp_path.iterdir())
        eventually(lambda: not unlinked_files(), what="its end")


def test_download_to_a_slow_client(large):
    """1 GB to a client that reads little: the application waits, memory is bounded, all arrives."""
    memory = Memory(large)
    with large.connect(timeout=60, receive_buffer_bytes=65536) as client:
        client.request("GET", f"/download?bytes={DOWNLOAD_BYTES}")
        response = client.head()
        received = 0
        pieces = client.pieces(response)
        for piece in pieces:
            received += len(piece)
            if received > 2 * MB:
                break
        holds_for(lambda: int(large.get("/produced").text) < received + AHEAD_MAX, 0.5,
                  "the bound of what is ahead of the client")
        memory.expect_bounded()
        received += sum(map(len, pieces))
        assert received == DOWNLOAD_BYTES
    memory.expect_bounded()


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_finite_response_to_a_slow_client(interface, tmp_path):
    """A client that does not read 32 MB holds no thread: the rest waits, unnamed, in temp_dir."""
    expected = hashlib.sha256(PIECE * (32 * MB // len(PIECE))).digest()
    with Server(f"large_{interface}:app", "--workers", "1", "--threads", "1", "--temp-dir",
                tmp_path, probe="/produced") as server:
        memory = Memory(server)
        slow = [server.connect(timeout=60, receive_buffer_bytes=65536) for _ in range(3)]
        for client in slow:
            client.request("GET", f"/download?bytes={32 * MB}")
        responses = [client.head() for client in slow]
        eventually(lambda: server.get("/produced").text == str(32 * MB), what="a free thread")
        assert not list(tmp_path.iterdir())
        memory.expect_bounded()
        for client, response in zip(slow, responses, strict=True):
            found = hashlib.sha256()
            for piece in client.pieces(response):
                found.update(piece)
            assert found.digest() == expected
            client.expect_kept()
            client.close()
        memory.expect_bounded()


def test_without_a_spool_the_worker_waits():
    """With --response-spool-max 0 the application never gets far ahead of its client."""
    with Server("large_wsgi:app", "--workers", "1", "--threads", "2", "--response-spool-max", "0",
                probe="/produced") as server:
        with server.connect(receive_buffer_bytes=65536) as client:
            client.request("GET", f"/download?bytes={32 * MB}")
            response = client.head()
            holds_for(lambda: int(server.get("/produced").text) < AHEAD_MAX, 0.3, "the bound")
            assert sum(map(len, client.pieces(response))) == 32 * MB


def test_clients_that_fill_the_spool_lose_it():
    """A client that takes nothing cannot keep the worker from the others: it makes room."""
    with Server("large_wsgi:app", "--workers", "1", "--threads", "1", "--spool-total-max", "4MB",
                probe="/produced") as server:
        with server.connect(receive_buffer_bytes=65536) as first, \
                server.connect(receive_buffer_bytes=65536) as second:
            responses = []
            for client in (first, second):
                client.request("GET", f"/download?bytes={3 * MB}")
                responses.append(client.head())
            with server.connect(timeout=30) as another:
                assert another.exchange("GET", "/produced").status == 200
            server.wait_log("spool_total_max is used up; responses that were cut: 1 ")
            with pytest.raises(Truncated):
                list(first.pieces(responses[0]))
            assert sum(map(len, second.pieces(responses[1]))) == 3 * MB


def test_download_is_unchanged(large):
    """100 MB arrive byte for byte."""
    count = 100 * MB
    expected = hashlib.sha256()
    for _ in range(count // len(PIECE)):
        expected.update(PIECE)
    found = hashlib.sha256()
    with large.connect(timeout=60) as client:
        client.request("GET", f"/download?bytes={count}")
        for piece in client.pieces(client.head()):
            found.update(piece)
        assert found.digest() == expected.digest()
        client.expect_kept()


def test_file_to_slow_and_fast_clients():
    """1 GB by wsgi.file_wrapper: slow readers hold no thread, a fast one is not kept waiting."""
    with Server("large_wsgi:app", "--workers", "1", "--threads", "1",
                probe="/produced") as server:
        memory = Memory(server)
        slow = [Connection(server.address, receive_buffer_bytes=65536) for _ in range(5)]
        for client in slow:
            client.request("GET", f"/file?bytes={DOWNLOAD_BYTES}")
            assert client.head().status == 200
        with server.connect(timeout=60) as client:
            client.request("GET", f"/file?bytes={DOWNLOAD_BYTES}")
            assert sum(map(len, client.pieces(client.head()))) == DOWNLOAD_BYTES
            client.expect_kept()
        memory.expect_bounded()
        for client in slow:
            client.reset()


@pytest.mark.skipif(SANITIZED, reason="memory figures mean nothing under a sanitizer")
def test_slow_clients_share_a_bound():
    """Fifty clients that do not read cost the edge no more than a window each."""
    with Server("large_asgi:app", "--workers", "1", probe="/produced") as server:
        before = server.edge.private_bytes()
        clients = [server.connect(receive_buffer_bytes=4096) for _ in range(50)]
        for client in clients:
            client.request("GET", f"/download?bytes={DOWNLOAD_BYTES}")
        for client in clients:
            assert client.head().status == 200
        assert server.get("/produced").status == 200
        assert server.edge.private_bytes() - before < len(clients) * WINDOW_BYTES + 4 * MB
        for client in clients:
            client.reset()
        assert server.get("/produced").status == 200
