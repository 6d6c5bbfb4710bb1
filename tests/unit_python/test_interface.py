"""Interface: WSGI and ASGI applications of all shapes are told apart without calling them."""

import functools

import pytest
from headrace.errors import AppError
from headrace.interface import detect


def wsgi_function(environ, start_response):
    raise AssertionError("it was called")


async def asgi_function(scope, receive, send):
    raise AssertionError("it was called")


class WsgiObject:
    def __call__(self, environ, start_response):
        raise AssertionError("it was called")

    def method(self, environ, start_response):
        raise AssertionError("it was called")


class AsgiObject:
    async def __call__(self, scope, receive, send):
        raise AssertionError("it was called")

    async def method(self, scope, receive, send):
        raise AssertionError("it was called")


class WsgiClass:
    """PEP 3333's own example: instances are the iterable body."""

    def __init__(self, environ, start_response):
        raise AssertionError("it was called")


class AsgiClass:
    def __init__(self, scope, receive, send):
        raise AssertionError("it was called")

    def __await__(self):
        raise AssertionError("it was called")


def plain_asgi(scope, receive, send):
    raise AssertionError("it returns an awaitable")


@functools.wraps(wsgi_function)
def wrapped(*args, **kwargs):
    raise AssertionError("it was called")


def prefixed(prefix, environ, start_response):
    raise AssertionError("it was called")


@pytest.mark.parametrize("app, interface", [
    (wsgi_function, "wsgi"),
    (WsgiObject(), "wsgi"),
    (WsgiObject().method, "wsgi"),
    (WsgiClass, "wsgi"),
    (wrapped, "wsgi"),
    (functools.partial(prefixed, "x"), "wsgi"),
    (lambda *args: None, "wsgi"),
    (lambda environ, start_response, extra=None: None, "wsgi"),
    (asgi_function, "asgi"),
    (AsgiObject(), "asgi"),
    (AsgiObject().method, "asgi"),
    (AsgiClass, "asgi"),
    (plain_asgi, "asgi"),
    (functools.partial(asgi_function), "asgi"),
    (lambda scope, *rest: None, "asgi"),
])
def test_detect(app, interface):
    """Functions, objects, methods, classes, partials and wrapped ones."""
    assert detect(app, "app:app") == interface


@pytest.mark.parametrize("module, attribute, interface", [
    ("flask", "Flask", "wsgi"),
    ("falcon", "App", "wsgi"),
    ("bottle", "Bottle", "wsgi"),
    ("falcon.asgi", "App", "asgi"),
    ("fastapi", "FastAPI", "asgi"),
    ("starlette.applications", "Starlette", "asgi"),
    ("quart", "Quart", "asgi"),
])
def test_frameworks(module, attribute, interface):
    """The frameworks themselves."""
    framework = getattr(pytest.importorskip(module), attribute)
    app = framework("name") if module in ("flask", "quart") else framework()
    assert detect(app, "app:app") == interface


@pytest.mark.parametrize("app, words", [
    ("text", "str"),
    (None, "NoneType"),
    (lambda: None, "--factory"),
    (lambda scope: None, "ASGI 2"),
    (lambda a, b, c, d: None, "4"),
])
def test_neither(app, words):
    """What is no application is refused with the reason and the remedy."""
    with pytest.raises(AppError, match=words) as caught:
        detect(app, "shop:thing")
    assert "shop:thing" in str(caught.value)
