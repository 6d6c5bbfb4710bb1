"""Disks that are full, read-only or too small, and logs that are moved away: row 200."""

import hashlib
import re
import signal
import subprocess

import pytest
from harness.load import Load
from harness.server import Server
from harness.wait import eventually

MOUNT = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"'
NAMESPACE = ["unshare", "--mount", "--map-root-user"]
needs_mounts = pytest.mark.skipif(
    subprocess.run([*NAMESPACE, "sh", "-c", MOUNT, "sh", "size=64k", "/mnt", "true"],
                   capture_output=True, check=False).returncode != 0,
    reason="file systems cannot be mounted here")


def with_disk(folder, options):
    """A launcher: the server finds a new file system in `folder`."""
    return [*NAMESPACE, "sh", "-c", MOUNT, "sh", options, str(folder)]


def upload(server, size):
    """The answer to a body of this size, and whether it is the body's digest."""
    body = b"z" * size
    answer = server.post("/upload", body)
    return answer.status, answer.body == hashlib.sha256(body).hexdigest().encode()


@pytest.mark.parametrize("by", ["signal", "command"])
def test_row200_rotated_access_log(tmp_path, by):
    """Row 200: after a reload lines go to a new file; none is lost and none is torn."""
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    with Server("held:app", "--workers", "1", "--access-log", "combined",
                "--access-log-path", log) as server:
        with Load(server, "/pid", client_count=4) as load:
            eventually(lambda: load.counts[200] > 50, what="some load")
            log.rename(old)
            if by == "signal":
                server.supervisor.kill(signal.SIGHUP)
            else:
                assert server.command("reload").returncode == 0
            eventually(log.exists, what="the new file")
            before = load.counts[200]
            eventually(lambda: load.counts[200] > before + 50, what="some more load")
        assert not load.failures()
        eventually(lambda: lines_of(log, old) >= load.counts[200], what="all lines")
        assert lines_of(log, old) == load.counts[200]
        assert log.read_bytes().count(b"GET /pid") > 50


def lines_of(*files):
    """Whole lines of the load's requests, in all the files."""
    whole = re.compile(rb'^127\.0\.0\.1 - - \[[^]]+\] "GET /pid HTTP/1\.1" 200 \d+ "-" "-"$', re.M)
    return sum(len(whole.findall(file.read_bytes())) for file in files)


@needs_mounts
def test_row200_full_disk(tmp_path):
    """Row 200: a body for which temp_dir has no room is answered 503, and the log says why."""
    with Server("large_wsgi:app", "--workers", "1", "--temp-dir", tmp_path,
                launcher=with_disk(tmp_path, "size=1m")) as server:
        assert upload(server, 4 << 20)[0] == 503
        server.wait_log("request body not stored: .*No space left on device")
        assert upload(server, 500_000) == (200, True)   # what was stored of it is gone
        assert upload(server, 50_000) == (200, True)


@needs_mounts
def test_row200_no_room_for_responses(tmp_path):
    """Row 200: where a slow client's response finds no room in temp_dir, its worker waits."""
    size = 8 << 20
    with Server("large_wsgi:app", "--workers", "1", "--temp-dir", tmp_path,
                launcher=with_disk(tmp_path, "size=1m")) as server:
        with server.connect(receive_buffer_bytes=16 << 10, timeout=30) as client:
            client.request("GET", f"/download?bytes={size}")
            assert server.get("/").status == 200
            server.wait_log("a response is not spooled, .*No space left")
            answer = client.response()
        assert answer.status == 200 and len(answer.body) == size


@needs_mounts
def test_row200_read_only_disk(tmp_path):
    """Row 200: with a temp_dir that cannot be written all is served that needs none."""
    with Server("large_wsgi:app", "--workers", "1", "--temp-dir", tmp_path,
                launcher=with_disk(tmp_path, "ro")) as server:
        assert upload(server, 50_000) == (200, True)
        assert upload(server, 500_000)[0] == 503
        server.wait_log("request body not stored: .*Read-only file system")
        assert len(server.get("/download?bytes=3000000").body) == 3_000_000


@needs_mounts
def test_row200_log_on_read_only_disk(tmp_path):
    """Row 200: an access log on a read-only disk ends the start with its path and the reason."""
    path = tmp_path / "access.log"
    with Server("large_wsgi:app", "--workers", "1") as server:
        command = server.start_command
    ended = subprocess.run(
        [*with_disk(tmp_path, "ro"), *command, "--access-log", "combined",
         "--access-log-path", path], capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0 and str(path) in ended.stderr, ended.stderr
    assert "Read-only file system" in ended.stderr


@needs_mounts
def test_row200_small_shared_memory():
    """Row 200: the channel to a worker does not live in /dev/shm, however small that is."""
    with Server("large_wsgi:app", "--workers", "2",
                launcher=with_disk("/dev/shm", "size=4k")) as server:
        assert upload(server, 500_000) == (200, True)
        assert len(server.get("/download?bytes=3000000").body) == 3_000_000
