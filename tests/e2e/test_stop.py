"""How it ends: SIGTERM and SIGINT, running requests, deadlines, and a second signal."""

import signal
import time

import pytest
from harness.server import Server
from harness.wait import eventually
from harness.wire import Connection, Truncated, request_bytes, says_close


def hold(server, tmp_path, path="/held"):
    client = server.connect(timeout=30)
    client.request("GET", f"{path}?file={tmp_path}/go&started={tmp_path}/started")
    eventually((tmp_path / "started").exists, what="the held request")
    return client


def refused(address):
    try:
        Connection(address).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("path", ["/held", "/streamed"])
def test_running_request_is_finished(number, path, tmp_path):
    """A graceful stop refuses new connections, finishes what runs, and exits with 0."""
    with Server("held:app", "--workers", "2") as server:
        client = hold(server, tmp_path, path)
        server.supervisor.kill(number)
        eventually(lambda: refused(server.address), what="the end of listening")
        assert server.exit_code is None
        (tmp_path / "go").touch()
        response = client.response()
        assert response.status == 200 and response.body
        if path == "/held":
            assert says_close(response)
        client.expect_end()
        client.close()
        assert server.wait() == 0
        server.expect_nothing_left()


def test_idle_connections_do_not_delay_the_stop():
    """Kept-alive connections that wait for nothing are closed at once."""
    with Server("held:app", "--workers", "1") as server:
        clients = [server.connect() for _ in range(10)]
        for client in clients[:5]:
            client.exchange("GET", "/pid")
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 10   # far below stop_timeout
        for client in clients:
            client.expect_end()
            client.close()


def test_queued_requests_are_finished(tmp_path):
    """Requests that wait for a worker when the stop begins are served before it ends."""
    with Server("held:app", "--workers", "1", "--threads", "1") as server:
        clients = [hold(server, tmp_path)] + [server.connect(timeout=30) for _ in range(5)]
        for client in clients[1:]:
            client.request("GET", "/pid")
        with server.connect() as probe:   # the edge has read all that was sent before this
            assert probe.exchange("OPTIONS", "*").status == 204
        server.supervisor.kill(signal.SIGTERM)
        eventually(lambda: refused(server.address), what="the end of listening")
        (tmp_path / "go").touch()
        assert [client.response().status for client in clients] == [200] * 6
        assert server.wait() == 0
        for client in clients:
            client.close()


def test_stop_timeout(tmp_path):
    """A request that does not end is cut off at --stop-timeout."""
    with Server("held:app", "--workers", "1", "--stop-timeout", "500ms") as server:
        client = hold(server, tmp_path)
        started = time.monotonic()
        server.supervisor.kill(signal.SIGTERM)
        server.wait(10)
        assert 0.4 < time.monotonic() - started < 8
        server.expect_nothing_left()
        try:
            assert client.response().status in (502, 503)
        except Truncated:
            pass
        client.close()


def test_second_sigint_stops_at_once(tmp_path):
    """The second SIGINT does not wait for anything."""
    with Server("held:app", "--workers", "2") as server:
        client = hold(server, tmp_path)
        server.supervisor.kill(signal.SIGINT)
        eventually(lambda: refused(server.address), what="the end of listening")
        assert server.exit_code is None
        server.supervisor.kill(signal.SIGINT)
        server.wait(3)
        server.expect_nothing_left(1)
        client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_all_processes(number, tmp_path):
    """Ctrl-C reaches all processes of a terminal, systemd's stop all of a service: graceful too."""
    with Server("held:app", "--workers", "2") as server:
        client = hold(server, tmp_path)
        for process in [server.supervisor, *server.processes()]:
            process.kill(number)
        eventually(lambda: refused(server.address), what="the end of listening")
        (tmp_path / "go").touch()
        assert client.response().status == 200
        assert server.wait() == 0
        assert "KeyboardInterrupt" not in server.log()
        client.close()


def test_stop_while_starting(tmp_path):
    """A stop while the application is being imported ends it, and leaves nothing."""
    (tmp_path / "slow_import.py").write_text(
        "import pathlib, time\npathlib.Path('importing').touch()\ntime.sleep(60)\n")
    server = Server("slow_import:app", "--workers", "1", cwd=tmp_path, probe=None)
    try:
        server.start()
        eventually((tmp_path / "importing").exists, what="the import")
        server.supervisor.kill(signal.SIGTERM)
        server.wait(10)
        server.expect_nothing_left()
    finally:
        server.destroy()


def test_pipelined_rest_after_the_stop(tmp_path):
    """A connection with pipelined requests ends after the one that was running."""
    with Server("held:app", "--workers", "1") as server:
        client = hold(server, tmp_path)
        server.supervisor.kill(signal.SIGTERM)
        eventually(lambda: refused(server.address), what="the end of listening")
        client.send(request_bytes("GET", "/pid"))
        (tmp_path / "go").touch()
        response = client.response()
        assert response.status == 200 and says_close(response)
        client.expect_end()
        client.close()
        assert server.wait() == 0
