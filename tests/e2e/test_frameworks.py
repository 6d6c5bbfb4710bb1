"""The same site in Flask, Django, FastAPI, Starlette, Quart, Bottle and Falcon (Debian's)."""

import hashlib
import urllib.parse

import pytest
from harness.forms import JSON, MULTIPART, Browser, multipart


def test_page(site):
    """A page comes as the framework made it, with the fields it set."""
    response = site.get("/hello/world")
    assert (response.status, response.text) == (200, "Hello world")
    assert response.get("content-type").startswith(("text/html", "text/plain"))


def test_path_beyond_latin(site):
    """A percent-encoded path of UTF-8 reaches the view as the text it stands for."""
    name = "žluťoučký-кот-☃"
    assert site.get(f"/hello/{urllib.parse.quote(name)}").text == f"Hello {name}"


def test_missing_page(site):
    """What the framework does not know is its 404."""
    assert site.get("/missing").status == 404


def test_form(site):
    """A submitted form is read, and the redirect followed to its page."""
    response = Browser(site).submit("/form", name="world")
    assert (response.status, response.text) == (200, "Hello world")


def test_json(site):
    """JSON goes in and out unchanged."""
    value = {"number": 1.5, "text": "žluť", "list": [1, None, True]}
    response = site.post("/json", b'{"number": 1.5, "text": "\xc5\xbelu\xc5\xa5",'
                         b' "list": [1, null, true]}', JSON)
    assert (response.status, response.json()) == (200, value)


@pytest.mark.parametrize("size", [0, 1000, 3_000_000])
def test_upload(site, size):
    """A file in a multipart form arrives whole: in memory, and past it in a file."""
    content = (b"0123456789\r\n" * (size // 12 + 1))[:size]
    response = site.post("/upload", multipart({"title": "A title"}, [("file", "a.bin", content)]),
                         MULTIPART)
    assert response.json() == {"title": "A title", "name": "a.bin", "size": size,
                               "sha256": hashlib.sha256(content).hexdigest()}


def test_download(site):
    """A streamed download arrives whole with the length that the framework set."""
    response = site.get("/download?bytes=3000001")
    assert response.get("content-length") == "3000001"
    assert response.body == (b"0123456789abcdef" * 187501)[:3000001]


def test_events_arrive_as_they_are_yielded(site):
    """Server-sent events: each arrives before the next is allowed to be made."""
    with site.connect() as client:
        client.request("GET", "/events")
        response = client.head()
        assert response.get("content-type").startswith("text/event-stream")
        pieces = client.pieces(response)
        assert next(pieces) == b"data: one\n\n"
        site.post("/next")
        assert next(pieces) == b"data: two\n\n"
        site.post("/next")
        assert b"".join(pieces) == b"data: three\n\n"
        client.exchange("GET", "/")   # the connection is kept


def test_session(site):
    """A session lives in its cookies; another browser has its own."""
    first, second = Browser(site), Browser(site)
    assert [first.get("/visits").text for _ in range(3)] == ["1", "2", "3"]
    assert second.get("/visits").text == "1"


def test_error(site):
    """An exception in a view is a 500 that says nothing of it, and the log has the traceback."""
    size = len(site.log())
    response = site.get("/error")
    assert response.status == 500
    assert "broken on purpose" not in response.text
    site.wait_log(r"RuntimeError: broken on purpose")
    assert "Traceback" in site.log()[size:]
    assert site.get("/hello/again").text == "Hello again"


def test_head(site):
    """HEAD has no body, and the connection serves on, in frameworks that allow it and others."""
    with site.connect() as client:
        assert client.exchange("HEAD", "/hello/world").status in (200, 405)
        assert client.exchange("GET", "/hello/world").text == "Hello world"
