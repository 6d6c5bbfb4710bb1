"""Django's admin site with its database, sessions and static files; Django behind ASGI."""

import re

import pytest
from harness.forms import Browser

from .conftest import ADMIN


def token(page):
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]


@pytest.fixture(params=["django", "django_asgi"])
def browser(request):
    return Browser(request.getfixturevalue(request.param))


def log_in(browser):
    login = browser.get("/admin/login/?next=/admin/")
    return browser.submit("/admin/login/?next=/admin/", csrfmiddlewaretoken=token(login), **ADMIN)


def test_admin_is_closed(browser):
    """Without a session the admin site leads to its login; a wrong password stays there."""
    assert browser.get("/admin/").get("location") == "/admin/login/?next=/admin/"
    login = browser.get("/admin/login/")
    page = browser.submit("/admin/login/", csrfmiddlewaretoken=token(login), username="admin",
                          password="wrong")
    assert page.status == 200 and "sessionid" not in browser.cookies


def test_csrf(browser):
    """A form without its token is refused by Django."""
    assert browser.submit("/admin/login/", **ADMIN).status == 403


def test_admin_edits_the_database(browser):
    """Log in, add a row, find it in the list, change it, delete it, log out."""
    page = log_in(browser)
    assert page.status == 200 and "Site administration" in page.text
    add = browser.get("/admin/notes/note/add/")
    listing = browser.submit("/admin/notes/note/add/", csrfmiddlewaretoken=token(add),
                             title="Žluťoučký kůň", text="A text\r\nof two lines")
    assert listing.status == 200 and "Žluťoučký kůň" in listing.text
    change_path = re.search(r'href="(/admin/notes/note/\d+/change/)"', listing.text)[1]
    change = browser.get(change_path)
    assert "A text\r\nof two lines" in change.text
    listing = browser.submit(change_path, csrfmiddlewaretoken=token(change), title="Changed",
                             text="x")
    assert "Changed" in listing.text
    delete_path = change_path.replace("change", "delete")
    confirm = browser.get(delete_path)
    listing = browser.submit(delete_path, csrfmiddlewaretoken=token(confirm), post="yes")
    assert change_path not in listing.text
    browser.get("/admin/logout/")
    assert browser.get("/admin/").status == 302


def test_static_files(browser):
    """Django's own serving of static files: whole, with their type, and 304 when unchanged."""
    response = browser.get("/static/admin/css/base.css")
    assert response.status == 200 and response.get("content-type") == "text/css"
    assert int(response.get("content-length")) == len(response.body) > 10_000
    unchanged = browser.get("/static/admin/css/base.css",
                            ("If-Modified-Since", response.get("last-modified")))
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_asgi_error(django_asgi):
    """An exception behind ASGI is a 500 and a traceback, as behind WSGI."""
    assert django_asgi.get("/error").status == 500
    django_asgi.wait_log("RuntimeError: broken on purpose")


def test_found_by_its_manage_py(shared_server, django_environment):
    """Without an application named, manage.py leads to the project's WSGI entry."""
    from .conftest import DJANGO
    server = shared_server(None, "--workers", "1", cwd=DJANGO, env=django_environment)
    assert server.get("/hello/found").text == "Hello found"
