"""Discovery: a project is served without naming its application."""

import pytest
from headrace.discovery import discover
from headrace.errors import AppError

APP = "def {}(environ, start_response): return __name__\n"
FACTORY = "def create_app():\n    return lambda environ, start_response: __name__\n"
DJANGO = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of_mine.settings")
"""


@pytest.mark.parametrize("files, name", [
    ({"app.py": APP.format("app")}, "app:app"),
    ({"main.py": APP.format("application")}, "main:application"),
    ({"wsgi.py": APP.format("application")}, "wsgi:application"),
    ({"asgi.py": APP.format("api")}, "asgi:api"),
    ({"app.py": FACTORY}, "app:create_app()"),
    ({"app.py": APP.format("app"), "main.py": APP.format("app")}, "app:app"),
    ({"app.py": "x = 1", "main.py": APP.format("app")}, "main:app"),
    ({"app/__init__.py": APP.format("app")}, "app:app"),
    ({"app/main.py": APP.format("app")}, "app.main:app"),
])
def test_files(project, files, name):
    """The usual files with the usual names, in order; packages too."""
    project(files)
    found = discover("auto", factory=False)
    assert found.name == name and callable(found.app)


def test_an_application_elsewhere_on_the_path_is_not_found(project, tmp_path_factory, monkeypatch):
    """Only the current folder counts, not what happens to be importable as `app`."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "app.py").write_text(APP.format("app"))
    project({})
    monkeypatch.syspath_prepend(str(elsewhere))
    with pytest.raises(AppError):
        discover("auto", factory=False)


def test_nothing_found(project):
    """The message lists what was tried and says how to name the application."""
    project({"app.py": "x = 1"})
    with pytest.raises(AppError) as caught:
        discover("auto", factory=False)
    text = str(caught.value)
    assert "app.py: has none of app" in text and "main.py: no such file" in text
    assert "manage.py" in text and "headrace run" in text


def test_a_failing_module_is_not_passed_over(project):
    """An application that is there but fails is an error, not a reason to look further."""
    project({"app.py": "1 / 0", "main.py": APP.format("app")})
    with pytest.raises(ZeroDivisionError):
        discover("auto", factory=False)


@pytest.mark.parametrize("interface", ["auto", "wsgi", "asgi"])
@pytest.mark.parametrize("named", [True, False])
def test_django(project, interface, named):
    """manage.py leads to Django's settings, and those to the application."""
    pytest.importorskip("django")
    kind = "asgi" if interface == "asgi" else "wsgi"
    settings = "SECRET_KEY = 'x'\nROOT_URLCONF = 'site_of_mine.settings'\nurlpatterns = []\n"
    if named:
        settings += f"{kind.upper()}_APPLICATION = 'site_of_mine.entry.handler'\n"
    project({"manage.py": DJANGO, "site_of_mine/settings.py": settings,
             "site_of_mine/entry.py": APP.format("handler")})
    from django.conf import settings as django_settings
    from django.utils.functional import empty
    django_settings._wrapped = empty
    found = discover(interface, factory=False)
    if named:
        assert found.name == "site_of_mine.entry:handler"
    else:
        assert type(found.app).__name__ == f"{kind.upper()}Handler"
