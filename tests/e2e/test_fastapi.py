"""What FastAPI adds: dependencies, validation, threads, background work, files, lifespan."""

import pytest
from harness.forms import JSON
from harness.server import APPS, Server
from harness.wait import eventually


@pytest.fixture
def fastapi(shared_server):
    return shared_server("fastapi_site:app", "--workers", "1")


def test_lifespan_startup_ran_before_the_first_request(fastapi):
    """The startup handlers ran once, before any request."""
    assert fastapi.get("/started").text.split(",")[0] == "yes"
    assert fastapi.get("/started").text.split(",").count("yes") == 1


def test_lifespan_shutdown_is_awaited(tmp_path):
    """The shutdown handlers run to their end before the server's."""
    file = tmp_path / "shutdown"
    with Server("fastapi_site:app", "--workers", "1", env={"SHUTDOWN_FILE": str(file)}) as server:
        assert server.get("/").status == 200
        assert not file.exists()
    assert file.read_text() == "shut down"


def test_dependency(fastapi):
    """A dependency with cleanup gives its value, its refusal, and is closed."""
    assert fastapi.get("/me", ("Authorization", "Bearer ann")).text == "ann ann"
    assert fastapi.get("/me", ("Authorization", "Basic ann")).status == 401
    assert fastapi.get("/me").status == 422
    eventually(lambda: "closed ann" in fastapi.get("/started").text, what="the cleanup")


def test_context_variables_of_requests_are_apart(fastapi):
    """What one request sets in a context variable no other request sees."""
    with fastapi.connect() as client:
        assert client.exchange("GET", "/me", ("Authorization", "Bearer ann")).text == "ann ann"
        assert client.exchange("GET", "/nobody").text == "nobody"


def test_validation(fastapi):
    """Typed parameters are converted, and refused with an explanation."""
    assert fastapi.get("/items/40?q=2").text == "42"
    refused = fastapi.get("/items/many")
    assert refused.status == 422 and refused.json()["detail"][0]["loc"] == ["path", "item_id"]
    assert fastapi.post("/json", b"[1]", JSON).status == 422


def test_sync_endpoint_runs_in_a_thread(fastapi):
    """A plain function runs in a thread, not on the event loop."""
    assert "MainThread" not in fastapi.get("/thread").text


def test_background_task_does_not_delay_the_answer(fastapi):
    """A background task starts after its answer was received, and ends later."""
    assert fastapi.post("/later").text == "accepted"
    assert "background" not in fastapi.get("/started").text
    fastapi.post("/next")
    eventually(lambda: "background" in fastapi.get("/started").text, what="the background task")


def test_file_response(fastapi):
    """A file is sent whole with its length, name and validators."""
    response = fastapi.get("/file")
    assert response.body == (APPS / "fastapi_site.py").read_bytes()
    assert int(response.get("content-length")) == len(response.body)
    assert 'filename="source.py"' in response.get("content-disposition")
    assert response.get("etag") and response.get("last-modified")
