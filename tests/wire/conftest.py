"""Servers that the wire tests share, and the one way a bad request is judged."""

import pytest


@pytest.fixture
def wsgi(shared_server):
    """The WSGI echo application, one worker."""
    return shared_server("wsgi_echo:app", "--workers", "1")


@pytest.fixture
def asgi(shared_server):
    """The ASGI echo application, one worker."""
    return shared_server("asgi_echo:app", "--workers", "1")


@pytest.fixture(params=["wsgi", "asgi"])
def echo(request, shared_server):
    """The echo application behind each interface in turn."""
    return shared_server(f"{request.param}_echo:app", "--workers", "1")
