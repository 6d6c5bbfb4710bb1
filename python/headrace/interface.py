"""Is an application WSGI or ASGI? Told from how it wants to be called, before it is."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from headrace.errors import AppError


def detect(app: Any, name: str) -> str:
    """"wsgi" or "asgi" for an application object that was found as `name`.

    Raises AppError for what can be neither: not callable, a factory, an ASGI 2 application.
    """
    if not callable(app):
        raise AppError(f"{name} is no application: it is a {type(app).__name__}, which cannot be "
                       "called")
    function = _function(app)
    if inspect.iscoroutinefunction(function):
        return "asgi"
    if inspect.isclass(app):
        # Instances of a class can be the result of both; only of ASGI's they can be awaited.
        return "asgi" if hasattr(app, "__await__") else "wsgi"
    try:
        parameters = list(inspect.signature(app).parameters.values())
    except (TypeError, ValueError):  # written in C and silent about it
        return "wsgi"
    return _by_parameters(parameters, name)


def _function(app: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in the end when `app` is called."""
    while isinstance(app, functools.partial):
        app = app.func
    if inspect.isroutine(app) or inspect.isclass(app):
        return app
    return type(app).__call__


def _by_parameters(parameters: list[inspect.Parameter], name: str) -> str:
    positional = [p for p in parameters
                  if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        return "asgi" if [p.name for p in positional[:1]] == ["scope"] else "wsgi"
    if len(required) == 3:
        return "asgi"
    if len(positional) >= 2 and len(required) <= 2:
        return "wsgi"
    if not required:
        raise AppError(f"{name} takes no request: is it a function that makes the application? "
                       f"Then write {name}(), or add --factory")
    if len(required) == 1 and required[0].name == "scope":
        raise AppError(f"{name} is an ASGI 2 application; wrap it in "
                       "asgiref.compatibility.guarantee_single_callable")
    raise AppError(f"{name} is no application: a WSGI application takes 2 arguments (environ, "
                   f"start_response), an ASGI one 3 (scope, receive, send), this one "
                   f"{len(required)}")
