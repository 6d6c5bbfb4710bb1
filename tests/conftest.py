"""Fixtures of all tests: servers shared by many tests, and their logs when a test fails."""

import os

import pytest
from harness.server import BINARY, Server

LOG_TAIL_CHARACTERS = 6000


def pytest_configure():
    if not os.access(BINARY, os.X_OK):
        raise pytest.UsageError(f"no server to test at {BINARY}: run `make build` first")


def pytest_runtest_setup():
    Server.used.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in Server.used:
            report.sections.append((f"log of {' '.join(server.start_command)}",
                                    server.log()[-LOG_TAIL_CHARACTERS:]))


@pytest.fixture(scope="session")
def _shared_servers():
    servers = {}
    yield servers
    try:
        for server in servers.values():
            server.stop()
    finally:
        for server in servers.values():
            server.destroy()


@pytest.fixture
def shared_server(_shared_servers):
    """Function (app, *options, **arguments of Server) -> a server that all its users share.

    After the test each of its processes must be the one from before: nothing that a client sends
    may crash the edge or a worker unnoticed.
    """
    before = {}

    def get(app, *options, **arguments):
        key = (app, options, repr(sorted(arguments.items())))
        if key not in _shared_servers:
            server = Server(app, *options, **arguments)
            server.start()
            _shared_servers[key] = server
        server = _shared_servers[key]
        before[server] = server.processes()
        return server

    yield get
    for server, processes in before.items():
        assert server.processes() == processes, f"a process was replaced:\n{server.log()}"
