"""PEP 3333 through the real server: environ, input, output, close()."""

import json
import urllib.parse

import pytest
from harness.server import Server
from harness.wait import eventually
from harness.wire import Truncated, chunked


@pytest.fixture
def pages(shared_server):
    return shared_server("wsgi_pages:app", "--workers", "1")


def environ(server, target="/environ", *fields, **options):
    return server.get(target, *fields, **options).json()


def happened(server):
    return server.get("/events_so_far").json()


def test_environ(pages):
    """The CGI and wsgi.* variables, as gunicorn gives them."""
    seen = environ(pages, "/environ/a%20b?q=%C3%A9&x", ("Content-Type", "text/x"), ("X-A-B", "1"),
                   host="example.com:81")
    host, port = pages.address
    expected = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/environ/a b",
        "QUERY_STRING": "q=%C3%A9&x", "CONTENT_TYPE": "text/x", "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": host, "SERVER_PORT": str(port), "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "example.com:81", "HTTP_X_A_B": "1", "wsgi.url_scheme": "http",
        "wsgi.multithread": True, "wsgi.run_once": False, "wsgi.version": [1, 0],
        "wsgi.input_terminated": True, "RAW_URI": "/environ/a%20b?q=%C3%A9&x",
    }
    assert {key: seen.get(key) for key in expected} == expected
    assert seen["REMOTE_PORT"].isdigit()
    assert seen["SERVER_SOFTWARE"].lower().startswith("headrace")
    assert "HTTP_CONTENT_TYPE" not in seen and "HTTP_CONTENT_LENGTH" not in seen


def test_environ_of_a_body(pages):
    """CONTENT_LENGTH is the sender's; of chunks it is absent or the size that arrived."""
    assert pages.post("/environ", b"four").json()["CONTENT_LENGTH"] == "4"
    seen = pages.post("/environ", chunked(b"fo", b"ur"), ("Transfer-Encoding", "chunked")).json()
    assert seen.get("CONTENT_LENGTH", "4") == "4"
    assert not environ(pages).get("CONTENT_LENGTH")


def test_environ_multiprocess():
    """wsgi.multiprocess and wsgi.multithread say what is true of this server."""
    with Server("wsgi_pages:app", "--workers", "2", "--threads", "1") as server:
        seen = environ(server)
        assert (seen["wsgi.multiprocess"], seen["wsgi.multithread"]) == (True, False)


@pytest.mark.parametrize("path", ["žluť/☃", "a/b", "\x00\x7f", "é"])
def test_path_info_is_decoded_bytes(pages, path):
    """PATH_INFO holds the decoded bytes as Latin-1 text, whatever they mean (PEP 3333)."""
    seen = environ(pages, "/environ/" + urllib.parse.quote(path))
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/environ/" + path


def test_path_that_is_no_utf8(pages):
    """Bytes that are no UTF-8 arrive as they are, and so do bad percent signs."""
    assert environ(pages, "/environ/%ff%fe")["PATH_INFO"] == "/environ/\xff\xfe"
    assert environ(pages, "/environ/100%/%zz%4")["PATH_INFO"] == "/environ/100%/%zz%4"


def test_script_name():
    """--root-path is SCRIPT_NAME, and PATH_INFO is what follows it."""
    with Server("wsgi_pages:app", "--workers", "1", "--root-path", "/shop",
                probe="/shop/process_id") as server:
        seen = environ(server, "/shop/environ/x")
        assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/shop", "/environ/x")
        seen = environ(server, "/environ/shop")   # a proxy may strip the prefix already
        assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/shop", "/environ/shop")


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("long", [1, 100_000], ids=["memory", "file"])
def test_input_methods(pages, long, framing):
    """wsgi.input has read, readline, readlines and iteration, in memory and in a file."""
    lines = ["1234first\n", "second\n", "third\n", "fourth\n", "fifth\n", "six" * long + "\n",
             "the last"]
    body = "".join(lines).encode()
    if framing == "chunked":
        response = pages.post("/input_methods", chunked(body[:9], body[9:]),
                              ("Transfer-Encoding", "chunked"))
    else:
        response = pages.post("/input_methods", body)
    read = [piece for piece in response.json() if piece]
    assert "".join(read) == body.decode()
    assert read == ["1234", "first\n", "sec", "ond\n", *lines[2:]]


@pytest.mark.parametrize("target, body, length", [
    ("/written", b"one two three", None), ("/empty_pieces", b"onetwo", None),
    ("/single", b"counted", "7"), ("/late_start", b"late", None)])
def test_output(pages, target, body, length):
    """write(), empty pieces, single pieces and generators arrive as one body."""
    response = pages.get(target)
    assert response.body == body
    if length:
        assert response.get("content-length") == length


def test_write_is_not_held_back(pages):
    """What write() was given reaches the client before the application returns."""
    with pages.connect() as client:
        client.request("GET", "/write_held")
        pieces = client.pieces(client.head())
        assert next(pieces) == b"first"
        pages.get("/release")
        assert b"".join(pieces) == b"second"


@pytest.mark.parametrize("start", [0, 1, 999_999])
def test_file_wrapper(pages, start):
    """A file is sent from its position to its end, with its length known; then it is closed."""
    count = happened(pages).count("closed file")
    response = pages.get(f"/file?{start}")
    assert response.body == (b"0123456789" * 100_000)[start:]
    assert response.get("content-length") in (None, str(1_000_000 - start))
    eventually(lambda: happened(pages).count("closed file") > count, what="close()")


def test_file_wrapper_and_content_length(pages):
    """A file longer than the Content-Length is sent up to it; the connection goes on."""
    with pages.connect() as client:
        assert client.exchange("GET", "/file_length").body == b"0123456789" * 2 + b"01234"
        assert client.exchange("GET", "/single").body == b"counted"


def test_file_wrapper_without_a_descriptor(pages):
    """What only looks like a file is read in pieces, and closed."""
    assert pages.get("/file_in_memory").body == b"0123456789" * 10_000
    eventually(lambda: "closed memory" in happened(pages), what="close()")


def test_file_wrapper_head(pages):
    """HEAD of a file sends none of it."""
    with pages.connect() as client:
        assert client.exchange("HEAD", "/file").body == b""
        assert client.exchange("GET", "/single").body == b"counted"


@pytest.mark.parametrize("method, target, name", [
    ("GET", "/closed", "closed closed"), ("HEAD", "/closed", "closed closed"),
    ("GET", "/closed_unsent", "closed unsent"),
    ("GET", "/closed_after_error", "closed after error")])
def test_close_is_called(pages, method, target, name):
    """close() of the iterable is called: after the end, after an error, when nothing is sent."""
    count = happened(pages).count(name)
    try:
        pages.request(method, target)
    except Truncated:
        assert target == "/closed_after_error"
    eventually(lambda: happened(pages).count(name) == count + 1, what="close()")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_close_is_called_when_the_client_goes(pages, leave):
    """A response whose client is gone ends: its generator is closed, its thread free."""
    count = happened(pages).count("closed endless")
    client = pages.connect()
    client.request("GET", "/closed_endless")
    client.head()
    getattr(client, leave)()
    eventually(lambda: happened(pages).count("closed endless") == count + 1, what="close()")


def test_close_raises(pages):
    """An error in close() is logged; the response was complete before it."""
    assert pages.get("/close_raises").body == b"one"
    pages.wait_log("ValueError: the message of the failure")


def test_errors_stream(pages):
    """wsgi.errors goes to the log."""
    assert pages.get("/errors").text == "noted"
    pages.wait_log("a line for the log")
    pages.wait_log("two more parts")


@pytest.mark.parametrize("status, reason", [
    ("200 OK", "OK"), ("404", "Not Found"), ("404 ", "Not Found"),
    ("200 Fine", "Fine"), ("404 Not there, sorry", "Not there, sorry"), ("599 Own", "Own"),
    ("599", ""), ("200 d\xe9j\xe0", "d\xe9j\xe0"), ("200 " + "x" * 512, "x" * 512)])
def test_reason_phrase(pages, status, reason):
    """The client gets the application's own reason phrase, or the standard one if it gives none."""
    query = urllib.parse.quote(status, encoding="latin-1")
    with pages.connect() as client:
        for _ in range(2):   # what is sent stays within its status line
            response = client.exchange("GET", f"/status?{query}")
            assert (response.status, response.reason) == (int(status[:3]), reason)
            assert response.body == b"answered"


def test_system_exit_is_an_error(pages):
    """An application can not end its worker by SystemExit."""
    before = pages.get("/process_id").text
    assert pages.get("/exits").status == 500
    assert pages.get("/process_id").text == before


def test_validator(shared_server):
    """wsgiref.validate, wrapped around an application, reports nothing."""
    server = shared_server("wsgi_pages:validated", "--workers", "1")
    with server.connect() as client:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            body = b"body" if method in ("POST", "PUT") else b""
            response = client.exchange(method, "/a%20b?q", ("X-A", "1"), body=body)
            assert response.status == 200
            assert response.body == (b"" if method == "HEAD" else b"ok" + body)
    assert "AssertionError" not in server.log() and "Warning" not in server.log()


def test_threads_work_at_once(pages):
    """Four requests of one worker run at the same time; a fifth is served after them."""
    before = happened(pages).count("held")
    clients = [pages.connect() for _ in range(3)]
    for client in clients:
        client.request("GET", "/held")
    eventually(lambda: happened(pages).count("held") == before + 3, what="three held requests")
    for _ in clients:
        pages.get("/release")
    assert [client.response().text for client in clients] == ["released"] * 3
    for client in clients:
        client.close()


def test_json_is_plain(pages):
    """A response of the application carries no field that the application did not ask for."""
    names = {name.lower() for name, _ in pages.get("/single").fields}
    assert names <= {"content-type", "content-length", "date", "server", "connection"}, names
    assert json.loads(pages.get("/process_id").text) == pages.worker.pid
