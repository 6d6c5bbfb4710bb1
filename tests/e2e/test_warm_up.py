"""--warm-up: requests inside a worker before it is ready."""

import pytest
from harness.server import PYTHON, Server, headrace

WSGI = """
import os
seen = []
def app(environ, start_response):
    target = environ['RAW_URI']
    seen.append(target)
    if target == '/raises': raise ValueError('not warm')
    status = '503 Service Unavailable' if target == '/unwell' else '404 Not Found'
    start_response(status, [])
    return [' '.join(seen).encode()]
"""
ASGI = """
started = []
async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        await receive()
        started.append('lifespan')
        await send({'type': 'lifespan.startup.complete'})
        await receive()
        return await send({'type': 'lifespan.shutdown.complete'})
    target = scope['raw_path'].decode() + '?' + scope['query_string'].decode()
    started.append(target)
    assert (await receive())['type'] == 'http.request'
    if target == '/raises?': raise ValueError('not warm')
    await send({'type': 'http.response.start', 'status': 503 if target == '/unwell?' else 200})
    await send({'type': 'http.response.body', 'body': ' '.join(started).encode()})
    assert (await receive())['type'] == 'http.disconnect'
"""


@pytest.fixture(params=["wsgi", "asgi"])
def folder(request, tmp_path):
    (tmp_path / "warm.py").write_text(WSGI if request.param == "wsgi" else ASGI)
    return tmp_path


def test_warm_up(folder):
    """The paths are asked for in order, in each worker, after its startup and before any client."""
    with Server("warm:app", "--workers", "1", "--warm-up", "/a?b=c", "--warm-up", "/d", cwd=folder,
                probe=None) as server:
        seen = server.get("/client").text.split()
        assert [target.rstrip("?") for target in seen if target != "lifespan"] == [
            "/a?b=c", "/d", "/client"]
        assert seen[0] == "lifespan" or len(seen) == 3


@pytest.mark.parametrize("path, message", [("/raises", "ValueError: not warm"),
                                           ("/unwell", "GET /unwell was answered 503")])
@pytest.mark.parametrize("options", [[], ["--preload"]])
def test_warm_up_fails(folder, path, message, options):
    """A path that raises or is answered 5xx: the worker never becomes ready, and it is told why."""
    ended = headrace("run", "warm:app", "--python", PYTHON, "--bind", "127.0.0.1:0", "--warm-up",
                     path, *options, cwd=folder)
    assert ended.returncode == 1, ended.output
    assert "failed in its warm-up" in ended.output and message in ended.output
