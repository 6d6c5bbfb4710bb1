"""Finds the application when the user names none, by the files that projects usually have."""

import importlib
import importlib.machinery
import os
import re

from headrace.errors import AppError
from headrace.loading import (ATTRIBUTES, FACTORIES, Found, import_module, interpreter_hint, load,
                              usual_attribute)

MODULES = ("app", "main", "wsgi", "asgi", "app.main")

_SETTINGS_MODULE = re.compile(
    r"""environ\.setdefault\(\s*["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")


def discover(interface: str, factory: bool) -> Found:
    """The application of the project in the current folder. `interface` is auto, wsgi or asgi.

    A Django project is told by its manage.py; else the first of app.py, main.py, wsgi.py, asgi.py
    and app/main.py (or packages of these names) that has an application of a usual name counts.
    Raises AppError, with all that was tried, when there is none.
    """
    django = _django_settings_module()
    if django is not None:
        return _django_application(django, interface)
    tried = []
    for name in MODULES:
        place = _find(name)
        if place is None:
            tried.append(f"  {name.replace('.', '/')}.py: no such file")
            continue
        module = import_module(name)
        try:
            return usual_attribute(module, factory)
        except AppError:
            tried.append(f"  {os.path.relpath(place)}: has none of {', '.join(ATTRIBUTES)}, "
                         f"{'(), '.join(FACTORIES)}()")
    tried.append("  manage.py: no such file, or it sets no DJANGO_SETTINGS_MODULE")
    raise AppError(f"no application found in {os.getcwd()}; tried\n" + "\n".join(tried) +
                   "\nname it: headrace run MODULE:ATTRIBUTE (see also --chdir)")


def _find(name: str) -> str | None:
    """The file that importing `name` would run, if it is in the current folder."""
    path = os.getcwd()
    package, _, last = name.rpartition(".")
    if package:
        path = os.path.join(path, package)
    spec = importlib.machinery.PathFinder.find_spec(last, [path])
    return spec.origin if spec is not None else None


def _django_settings_module() -> str | None:
    try:
        with open("manage.py", encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        return None
    match = _SETTINGS_MODULE.search(text)
    return match[1] if match is not None else None


def _django_application(settings_module: str, interface: str) -> Found:
    """What Django's own settings name, or else Django's default application for the interface."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_module)
    try:
        from django.conf import settings
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        raise AppError('manage.py belongs to a Django project, but there is no module "django"\n'
                       + interpreter_hint()) from None
    kind = "asgi" if interface == "asgi" else "wsgi"
    named = getattr(settings, f"{kind.upper()}_APPLICATION", None)
    if named:
        module, _, attribute = named.rpartition(".")
        return load(f"{module}:{attribute}", factory=False)
    default = importlib.import_module(f"django.core.{kind}")
    return Found(getattr(default, f"get_{kind}_application")(), f"django.core.{kind}")
