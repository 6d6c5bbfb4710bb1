"""Type=notify: what a service manager such as systemd is told, in which order."""

import os
import socket
import time

import pytest
from harness.server import Server
from harness.wait import eventually


class NotifySocket:
    """The socket of a service manager, and the messages that have come to it."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(self.path)

    def _receive(self):
        while True:
            try:
                text = self._socket.recv(4096).decode()
            except BlockingIOError:
                return
            self.messages.append(dict(line.split("=", 1) for line in text.splitlines()))

    def find(self, name, count=1):
        """The message number `count` that has this variable; waits for it."""
        def found():
            self._receive()
            having = [message for message in self.messages if name in message]
            return len(having) >= count and having[count - 1]
        return eventually(found, what=f"{name} from the server, after {self.messages}")

    def close(self):
        self._socket.close()


@pytest.fixture
def told(tmp_path):
    told = NotifySocket(tmp_path)
    yield told
    told.close()


def test_life_of_a_service(told):
    """READY comes when requests are served, RELOADING with its time before the next, and STOPPING
    as soon as the stop begins; each with a line for `systemctl status`."""
    with Server("held:app", "--workers", "1", "--stop-timeout", "7s", probe="/pid",
                env={"NOTIFY_SOCKET": told.path}) as server:
        assert told.find("READY")["READY"] == "1"
        first = told.messages[0]
        assert first == {"STATUS": "importing the application"}
        assert server.get("/pid").status == 200
        host, port = server.address
        assert told.find("READY")["STATUS"] == f"1 worker for http://{host}:{port}"
        assert server.command("workers", "add").returncode == 0
        assert told.find("STATUS", 3)["STATUS"] == f"2 workers for http://{host}:{port}"

        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.supervisor.kill(1)
        reloading = told.find("RELOADING")
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert before <= int(reloading["MONOTONIC_USEC"]) <= after
        told.find("READY", 2)
        assert "READY" in told.messages[-1], "it comes after RELOADING"
        server.stop()
    stopping = told.find("STOPPING")
    assert stopping is told.messages[-1] and int(stopping["EXTEND_TIMEOUT_USEC"]) >= 7_000_000
    assert not any("WATCHDOG" in message for message in told.messages), "nobody has asked for it"


def test_failed_reload(told, tmp_path):
    """A reload that fails ends with READY as well: the service of before serves on."""
    (tmp_path / "web.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'.']\n")
    with Server("web:app", "--workers", "1", cwd=tmp_path,
                env={"NOTIFY_SOCKET": told.path}) as server:
        (tmp_path / "web.py").write_text("this is no Python")
        assert server.command("reload").returncode == 1
        told.find("RELOADING")
        told.find("READY", 2)
        assert server.get().status == 200


def test_refused_reload(told, tmp_path):
    """A wrong configuration is found before anything is reloaded: nothing is announced."""
    (tmp_path / "headrace.toml").write_text('workers = "1"\n')
    with Server("held:app", "--config", tmp_path / "headrace.toml", probe="/pid",
                env={"NOTIFY_SOCKET": told.path}) as server:
        (tmp_path / "headrace.toml").write_text("workers = -1\n")
        assert server.command("reload").returncode == 1
        server.stop()
    told.find("STOPPING")
    assert not any("RELOADING" in message for message in told.messages)


def test_watchdog(told):
    """Signs of life come at least twice in the time within which one is wanted."""
    with Server("held:app", "--workers", "1", probe="/pid",
                env={"NOTIFY_SOCKET": told.path, "WATCHDOG_USEC": "400000"}):
        told.find("READY")
        begun = time.monotonic()
        count = sum("WATCHDOG" in message for message in told.messages)
        told.find("WATCHDOG", count + 5)
        assert time.monotonic() - begun >= 0.6, "and they do not come all the time"


def test_nobody_listens(tmp_path):
    """A socket that is gone does not keep the server from serving and stopping."""
    with Server("held:app", "--workers", "1", probe="/pid",
                env={"NOTIFY_SOCKET": str(tmp_path / "gone")}) as server:
        assert server.get("/pid").status == 200


def test_workers_are_not_the_service(told):
    """Workers do not get the manager's variables: a message of theirs would be taken for ours."""
    with Server("environment:app", "--workers", "1",
                env={"NOTIFY_SOCKET": told.path, "WATCHDOG_USEC": "9000000",
                     "WATCHDOG_PID": str(os.getpid())}) as server:
        seen = server.get().json()["environment"]
        assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & seen.keys()
