"""The framework sites as servers, and the Django site's database."""

import os
import subprocess

import pytest
from harness.server import APPS, PYTHON, environment

DJANGO = APPS / "django_site"
ADMIN = {"username": "admin", "password": "correct horse"}


@pytest.fixture(scope="session")
def django_environment(tmp_path_factory):
    """Environment of a Django site with a migrated database and an administrator."""
    added = {"DJANGO_DATABASE": str(tmp_path_factory.mktemp("django") / "db.sqlite3"),
             "DJANGO_SUPERUSER_PASSWORD": ADMIN["password"]}
    for command in (["migrate", "--verbosity=0", "--run-syncdb"],
                    ["createsuperuser", "--noinput", f"--username={ADMIN['username']}",
                     "--email=admin@localhost"]):
        subprocess.run([PYTHON, "manage.py", *command], cwd=DJANGO, check=True,
                       env=environment(os.environ | added), capture_output=True)
    return added


@pytest.fixture
def django(shared_server, django_environment):
    """The Django site behind WSGI."""
    return shared_server("website.wsgi:application", "--workers", "1", cwd=DJANGO,
                         env=django_environment)


@pytest.fixture
def django_asgi(shared_server, django_environment):
    """The Django site behind ASGI."""
    return shared_server("website.asgi:application", "--workers", "1", cwd=DJANGO,
                         env=django_environment)


SITES = ("flask", "django", "fastapi", "starlette", "quart", "bottle", "falcon")


@pytest.fixture(params=SITES)
def site(request, shared_server):
    """The site of site_contract.py in each framework in turn."""
    if request.param == "django":
        return request.getfixturevalue("django")
    return shared_server(f"{request.param}_site:app", "--workers", "1")
