"""Finds the application that a setting names: "module:attribute" in its forms, or nothing."""

import ast
import importlib
import inspect
import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

from headrace.errors import AppError

# What applications, and functions that make them, are usually called.
ATTRIBUTES = ("app", "application", "api", "asgi", "wsgi")
FACTORIES = ("create_app", "make_app", "create_application", "make_application")


class Found(NamedTuple):
    """An application, and its name as the user could have written it."""

    app: Any
    name: str


def load(name: str, factory: bool) -> Found:
    """The application that `name` says: module, "module:attribute" or "module:factory(...)".

    Raises AppError when there is none; whatever the application raises passes through.
    """
    module_name, colon, expression = name.partition(":")
    module = import_module(module_name)
    if not colon:
        return usual_attribute(module, factory)
    path, call = _parse(expression, name)
    found = _attribute(module, path)
    if call is not None:
        return Found(_call(found, call, f"{module_name}:{path}"), name)
    if factory:
        found = _call(found, ast.Call(ast.Name(path), [], []), name)
    return Found(found, name)


def import_module(name: str) -> ModuleType:
    """Imports the application's module; AppError when there is no module of that name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if name != missing and not name.startswith(f"{missing}."):
            raise
        raise AppError(f'there is no module "{missing}" in {os.getcwd()}'
                       f"{_nearest(missing, _modules_here())}\n{interpreter_hint()}") from None


def usual_attribute(module: ModuleType, factory: bool = False) -> Found:
    """The application in `module` that has one of the usual names; AppError if there is none."""
    if not factory:
        for attribute in ATTRIBUTES:
            app = getattr(module, attribute, None)
            if callable(app):
                return Found(app, f"{module.__name__}:{attribute}")
    for attribute in FACTORIES:
        make = getattr(module, attribute, None)
        if callable(make) and (factory or _needs_nothing(make)):
            return Found(make(), f"{module.__name__}:{attribute}()")
    names = FACTORIES if factory else ATTRIBUTES + tuple(f"{name}()" for name in FACTORIES)
    raise AppError(f'the module "{module.__name__}" ({module.__file__}) has none of '
                   f"{', '.join(names)}; name the application: {module.__name__}:NAME")


def interpreter_hint() -> str:
    """Two lines on which Python this is, for those whose packages are in another one."""
    return (f"interpreter: {sys.executable}\n"
            "if the module is installed for another interpreter, choose that with --python PATH")


def _parse(expression: str, name: str) -> tuple[str, ast.Call | None]:
    """Splits "a.b" or "a.b(1, x=2)" into the dotted path and the call, if there is one."""
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise AppError(f'"{name}" is not of the form module:attribute') from None
    call = node if isinstance(node, ast.Call) else None
    path = node.func if call is not None else node
    target = path
    while isinstance(target, ast.Attribute):
        target = target.value
    if not isinstance(target, ast.Name):
        raise AppError(f'"{name}" is not of the form module:attribute')
    return ast.unparse(path), call


def _attribute(module: ModuleType, path: str) -> Any:
    value: Any = module
    where = f'the module "{module.__name__}"'
    for attribute in path.split("."):
        try:
            value = getattr(value, attribute)
        except AttributeError:
            names = [name for name in dir(value) if not name.startswith("_")]
            raise AppError(f'{where} has no attribute "{attribute}"'
                           f"{_nearest(attribute, names)}") from None
        where = f'"{attribute}" in {where}'
    return value


def _call(make: Any, call: ast.Call, name: str) -> Any:
    if not callable(make):
        raise AppError(f"{name} cannot be called: it is a {type(make).__name__}")
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords
                 if keyword.arg is not None}
    except ValueError:
        raise AppError(f"{name}(...) may be called with literals only: numbers, strings, "
                       "lists, ...") from None
    try:
        inspect.signature(make).bind(*arguments, **named)
    except TypeError as error:
        raise AppError(f"{name} cannot be called so: {error}") from None
    except ValueError:
        pass  # written in C and silent about its parameters
    return make(*arguments, **named)


def _needs_nothing(make: Any) -> bool:
    try:
        inspect.signature(make).bind()
    except (TypeError, ValueError):
        return False
    return True


def _modules_here() -> list[str]:
    entries = os.scandir(".")
    return [entry.name.removesuffix(".py") for entry in entries
            if entry.name.endswith(".py") or entry.is_dir()]


def _nearest(name: str, names: list[str]) -> str:
    import difflib
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""
