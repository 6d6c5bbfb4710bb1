"""Loading: every form of APP finds its object, and what is wrong is named."""

import sys

import pytest
from headrace.errors import AppError
from headrace.loading import load

SHOP = """
def app(environ, start_response): return ["app"]
class Holder:
    inner = app
holder = Holder()
text = "text"
def create_app(name="default", *, debug=False):
    def made(environ, start_response): return [name, debug]
    return made
"""


@pytest.mark.parametrize("name, result", [
    ("shop:app", ["app"]),
    ("shop", ["app"]),
    ("shop:Holder.inner", ["app"]),
    ("shop:create_app()", ["default", False]),
    ("shop:create_app('prod', debug=True)", ["prod", True]),
    ("shop:create_app(['a', {'b': -1}])", [["a", {"b": -1}], False]),
])
def test_forms(project, name, result):
    """Attribute, module alone, dotted attribute, call with literals."""
    project({"shop.py": SHOP})
    found = load(name, factory=False)
    assert found.app(None, None) == result
    assert found.name == ("shop:app" if name == "shop" else name)


def test_factory(project):
    """--factory calls the attribute, or finds one that makes applications."""
    project({"shop.py": SHOP})
    assert load("shop:create_app", factory=True).app(None, None) == ["default", False]
    found = load("shop", factory=True)
    assert (found.app(None, None), found.name) == (["default", False], "shop:create_app()")


def test_factory_with_parameters_is_not_guessed(project):
    """A module alone: a factory that needs arguments is not called without."""
    project({"shop.py": "def create_app(settings): raise AssertionError('called')"})
    with pytest.raises(AppError, match="has none of"):
        load("shop", factory=False)


def test_package(project):
    """A module inside a package."""
    project({"store/web.py": "def application(environ, start_response): return 1"})
    assert load("store.web:application", factory=False).app(None, None) == 1
    assert load("store.web", factory=False).name == "store.web:application"


@pytest.mark.parametrize("name, words", [
    ("shpo:app", "no module \"shpo\".*did you mean shop"),
    ("shop.web:app", "no module \"shop.web\""),
    ("shop:ap", "no attribute \"ap\".*did you mean app"),
    ("shop:holder.iner", "no attribute \"iner\".*did you mean inner"),
    ("shop:text()", "cannot be called"),
    ("shop:create_app(1, 2, 3)", "cannot be called so: too many positional"),
    ("shop:create_app(app)", "literals only"),
    ("shop:create_app(", "not of the form"),
    ("shop:1 + 2", "not of the form"),
])
def test_mistakes(project, name, words):
    """A message for the user instead of a traceback, with the nearest name."""
    project({"shop.py": SHOP})
    with pytest.raises(AppError, match=words):
        load(name, factory=False)


def test_missing_module_names_the_interpreter(project):
    """The usual cause is the wrong Python: it is named, and how to choose another."""
    project({"shop.py": SHOP})
    with pytest.raises(AppError) as caught:
        load("nowhere:app", factory=False)
    assert sys.executable in str(caught.value) and "--python" in str(caught.value)


@pytest.mark.parametrize("text, error", [
    ("import nowhere_at_all", ModuleNotFoundError),
    ("1 / 0", ZeroDivisionError),
    ("raise SystemExit(3)", SystemExit),
    ("def app(:", SyntaxError),
])
def test_failures_of_the_application_pass_through(project, text, error):
    """An exception while the application is imported is not mistaken for a missing application."""
    project({"shop.py": text})
    with pytest.raises(error):
        load("shop:app", factory=False)
