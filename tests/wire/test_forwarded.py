"""Row 47: what a trusted proxy says about the client."""

import pytest
from harness.wire import request_bytes


@pytest.fixture(params=["wsgi", "asgi"])
def trusting(request, shared_server):
    """A server that believes the proxies 127.0.0.1 and 10.0.0.0/8."""
    return shared_server(f"{request.param}_echo:app", "--workers", "1",
                         "--trusted-proxies", "127.0.0.1", "--trusted-proxies", "10.0.0.0/8")


@pytest.mark.parametrize("chain, address", [
    ("203.0.113.7", "203.0.113.7"),
    ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
    ("6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
    ("203.0.113.7, nonsense", "127.0.0.1"),
    ("203.0.113.7, nonsense, 10.1.2.3", "10.1.2.3"),
    ("2001:db8::7", "2001:db8::7"),
])
def test_row47_chain(trusting, chain, address):
    """Row 47: the rightmost address that is no trusted proxy counts; garbage ends the walk."""
    assert trusting.get("/", ("X-Forwarded-For", chain)).json()["peer"] == address


def test_row47_several_lines(trusting):
    """Row 47: several fields are one chain, in their order."""
    with trusting.connect() as client:
        client.send(request_bytes("GET", "/", ("X-Forwarded-For", "6.6.6.6"),
                                  ("X-Forwarded-For", "203.0.113.7")))
        assert client.response().json()["peer"] == "203.0.113.7"


def test_row47_scheme(trusting):
    """Row 47: X-Forwarded-Proto of a trusted proxy is the scheme; nonsense is not."""
    assert trusting.get("/", ("X-Forwarded-Proto", "https")).json()["scheme"] == "https"
    assert trusting.get("/", ("X-Forwarded-Proto", "gopher x")).json()["scheme"] == "http"
    assert trusting.get("/").json()["scheme"] == "http"
