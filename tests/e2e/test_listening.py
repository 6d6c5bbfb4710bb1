"""Where it listens: TCP, IPv6, Unix sockets, inherited descriptors, several at once."""

import os
import pathlib
import socket
import stat

import pytest
from harness.server import PYTHON, PortReservation, Server, headrace
from harness.wire import Connection

# What systemd does for a service: descriptors from 3 on, and LISTEN_PID is the process itself.
SYSTEMD = (PYTHON, "-c", """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])""")


def ask(address):
    with Connection(address) as client:
        return client.exchange("GET", "/")


@pytest.mark.parametrize("bind", ["tcp", "tcp6", "unix"])
def test_one_address(bind):
    """The application is served, and knows its server and its client by their addresses."""
    with Server("wsgi_echo:app", "--workers", "1", bind=bind) as server:
        seen = server.get("/").json()
        if bind == "unix":
            assert seen["peer"] in (None, "", "unix:")
            assert stat.S_ISSOCK(os.stat(server.address).st_mode)
        else:
            assert seen["peer"] == server.address[0]
            assert seen["environ"]["SERVER_PORT"] == str(server.address[1])


def test_unix_socket_is_removed():
    """A stop removes the file of the Unix socket; a new start works either way."""
    with Server("wsgi_echo:app", "--workers", "1", bind="unix") as server:
        path = pathlib.Path(server.address)
        server.stop()
        assert not path.exists()


def test_stale_unix_socket_is_replaced(tmp_path):
    """The socket file of a server that was killed is no obstacle."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    with Server("wsgi_echo:app", "--workers", "1", "--bind", f"unix:{path}", bind=None,
                address=path) as server:
        assert server.get("/").status == 200


def test_unix_socket_in_use_is_kept(tmp_path):
    """The socket of a server that runs is not taken away from it."""
    with Server("wsgi_echo:app", "--workers", "1", bind="unix") as server:
        ended = headrace("run", "wsgi_echo:app", "--python", PYTHON,
                         "--bind", f"unix:{server.address}")
        assert ended.returncode != 0 and server.address in ended.output
        assert server.get("/").status == 200


def test_a_file_is_not_replaced(tmp_path):
    """A bind path that is an ordinary file is left alone."""
    path = tmp_path / "precious"
    path.write_text("content")
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", f"unix:{path}")
    assert ended.returncode != 0 and path.read_text() == "content"


def test_several_addresses(tmp_path):
    """All addresses of --bind are served by the same application."""
    ports = [PortReservation(), PortReservation("::1")]
    path = str(tmp_path / "socket")
    try:
        with Server("wsgi_echo:app", "--workers", "1", "--bind", ports[0].bind,
                    "--bind", ports[1].bind, "--bind", f"unix:{path}", bind=None,
                    address=path) as server:
            for address in (ports[0].address, ports[1].address, path):
                assert ask(address).status == 200
            assert server.edge.listens()
    finally:
        for port in ports:
            port.close()


def test_free_port():
    """Port 0 is a free port, and the banner says which."""
    with Server("wsgi_echo:app", "--workers", "1", "--bind", "127.0.0.1:0", bind=None) as server:
        assert server.get("/").json()["environ"]["SERVER_PORT"] == str(server.address[1])


@pytest.fixture
def listener():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener


def test_inherited_descriptor(listener):
    """fd://N serves a socket that was opened before the start."""
    fd = listener.fileno()
    with Server("wsgi_echo:app", "--workers", "1", "--bind", f"fd://{fd}", bind=None,
                address=listener.getsockname(), pass_fds=(fd,)) as server:
        assert server.get("/").status == 200


def test_descriptor_that_is_none():
    """fd://N of a descriptor that is not open, or no socket: a clear message."""
    ended = headrace("run", "wsgi_echo:app", "--python", PYTHON, "--bind", "fd://77")
    assert ended.returncode != 0 and "77" in ended.output


def test_socket_activation(listener):
    """systemd's LISTEN_FDS: its sockets are served without any --bind."""
    fd = listener.fileno()
    with Server("wsgi_echo:app", "--workers", "1", bind=None, address=listener.getsockname(),
                launcher=(*SYSTEMD, fd), pass_fds=(fd,)) as server:
        environ = server.get("/").json()["environ"]
        assert environ["SERVER_PORT"] == str(listener.getsockname()[1])


def test_listen_fds_of_another_process_are_ignored(listener):
    """LISTEN_FDS that were meant for another process do not count."""
    with Server("wsgi_echo:app", "--workers", "1",
                env={"LISTEN_FDS": "1", "LISTEN_PID": "1"}) as server:
        assert server.get("/").status == 200


def test_backlog_waits_while_starting():
    """Connections made before the application is imported wait, and are answered."""
    with Server("held:app", "--workers", "1", probe=None) as server:
        with server.connect(timeout=30) as client:
            assert client.exchange("GET", "/pid").status == 200
