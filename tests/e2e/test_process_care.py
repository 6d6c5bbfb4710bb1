"""Who the processes are, what they may use, what they say, and how their end is told."""

import json
import os
import pwd
import re
import signal
import stat
import threading

import pytest
from harness.server import PYTHON, SANITIZED, Server, headrace
from harness.wait import eventually

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
USER = "nobody"
STAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} "


def describe(server):
    return json.loads(server.get("/").body)


def status_of(process, key):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(line.split(":", 1)[1].split() for line in file if line.startswith(key + ":"))


@pytest.fixture
def server(shared_server):
    return shared_server("process:app", "--workers", "1")


# Rights and limits


@as_root
def test_user(tmp_path):
    """With --user edge and workers are that user, for good; sockets and logs still work."""
    nobody = pwd.getpwnam(USER)
    log = tmp_path / "access.log"
    with Server("process:app", "--workers", "1", "--user", USER, "--access-log", "combined",
                "--access-log-path", log, bind="unix") as server:
        found = describe(server)
        assert (found["user"], found["group"]) == (nobody.pw_uid, nobody.pw_gid)
        assert found["capabilities"] == 0
        assert found["environment"]["HOME"] == nobody.pw_dir
        assert found["environment"]["USER"] == USER
        for process in (server.edge, server.worker):
            assert status_of(process, "Uid") == [str(nobody.pw_uid)] * 4
            assert status_of(process, "Gid") == [str(nobody.pw_gid)] * 4
            assert int(status_of(process, "CapEff")[0], 16) == 0
        assert server.post("/", b"x" * 200_000).status == 200    # a body in a file of temp_dir
        eventually(lambda: "GET / HTTP/1.1" in log.read_text(), what="the access log")
        old = server.edge
        old.kill()
        eventually(lambda: server.edges() and server.edges() != [old], what="a new edge")
        assert describe(server)["user"] == nobody.pw_uid
        assert stat.S_ISSOCK(os.stat(server.address).st_mode)


@as_root
@pytest.mark.parametrize("options", [["--user", USER], ["--user", USER, "--preload"]])
def test_row184_user_dies_with_its_supervisor(options):
    """Row 184: processes of another user still end with the supervisor."""
    with Server("process:app", "--workers", "2", *options) as server:
        eventually(lambda: server.get("/").status == 200, what="an answer")
        server.supervisor.kill()
        server.wait()
        server.expect_nothing_left()


@as_root
def test_group_alone():
    """--group without --user keeps the user."""
    with Server("process:app", "--workers", "1", "--group", "54321") as server:
        found = describe(server)
        assert (found["user"], found["group"], found["groups"]) == (0, 54321, [54321])


@as_root
def test_user_needs_root(tmp_path):
    """--user without the right to it is refused before anything starts, with what to do."""
    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)
    ended = headrace("run", "process:app", "--bind", f"unix:{tmp_path}/s", "--python", PYTHON,
                     "--user", "daemon", preexec=become_nobody)
    assert ended.returncode == 3 and "user = daemon: only root can" in ended.output, ended.output


def test_unknown_user():
    """A user that does not exist is named."""
    ended = headrace("run", "process:app", "--user", "no-such-user", "--python", PYTHON)
    assert ended.returncode == 3 and 'there is no user "no-such-user"' in ended.output


def test_limits_mask_and_environment(tmp_path):
    """--worker-limits, --umask and --env reach the worker, and the worker only."""
    with Server("process:app", "--workers", "1", "--worker-limits", "nofile=321",
                "--worker-limits", "core=0", "--umask", "027", "--env", "COLOUR=a=b",
                "--env", "PATH=/usr/bin") as server:
        found = describe(server)
        assert found["files_max"] == [321, 321] and found["core_max"] == [0, 0]
        assert found["umask"] == 0o027
        assert found["environment"]["COLOUR"] == "a=b"
        assert found["environment"]["PATH"] == "/usr/bin"
        assert status_of(server.edge, "Umask") == status_of(server.supervisor, "Umask")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's shadow memory needs all addresses")
def test_row182_memory_limit(tmp_path):
    """Row 182: with --worker-limits as=... a request that wants too much gets 500, no other one."""
    (tmp_path / "eats.py").write_text(
        "def app(environ, start_response):\n"
        "    size = int(environ['QUERY_STRING'] or 1)\n"
        "    block = bytearray(size)\n"
        "    start_response('200 OK', [])\n    return [b'fine']\n")
    with Server("eats:app", "--workers", "1", "--worker-limits", "as=1GB", cwd=tmp_path) as server:
        worker = server.worker
        assert server.get("/?2000000000").status == 500
        server.wait_log("MemoryError")
        assert server.get("/?1000").status == 200
        assert server.worker == worker


@pytest.mark.parametrize("arguments, message", [
    (["--worker-limits", "files=1"], "is none of as, core"),
    (["--worker-limits", "nofile=many"], "no whole number"), (["--umask", "9"], "octal"),
    (["--env", "COLOUR"], "no = in it"), (["--warm-up", "login"], "does not begin with a slash")])
def test_bad_values(arguments, message):
    """What cannot be a limit, mask, variable or path is refused with the reason."""
    ended = headrace("run", "process:app", *arguments)
    assert ended.returncode == 3 and message in ended.output, ended.output


def test_worker_has_its_own_descriptors_only(server):
    """A worker has standard descriptors, its channel and its sockets: no listener of ours."""
    kinds = sorted(re.sub(r":?\[.*|\d+", "", name) for name in describe(server)["descriptors"])
    assert set(kinds) <= {"/dev/null", "pipe", "socket", "anon_inode", "/memfd:headrace (deleted)",
                          "/memfd:headrace-channel (deleted)"} | {
                              name for name in kinds if name.endswith("/stderr")}, kinds
    assert not server.worker.listens()
    assert len(kinds) < 16


# Output


def test_output_is_logged(server):
    """Each line of standard output and error is one line of the log, with time and worker."""
    server.get("/print?hello-out")
    server.get("/complain?hello-err")
    server.wait_log(STAMP + r"\[worker 1\] output: hello-out$")
    server.wait_log(STAMP + r"\[worker 1\] output: hello-err$")


def test_own_entries_are_stamped_once(shared_server):
    """What the worker itself logs, such as a traceback, has one time and its level."""
    server = shared_server("wsgi_bad:app", "--workers", "1")
    server.get("/raises_before_start?once")
    line = server.wait_log(r"^.*error: GET /raises_before_start.*$")[0]
    assert re.match(STAMP + r"\[worker 1\] error: ", line) and "output" not in line


def test_long_lines_are_cut(server):
    """A line of 40 KB comes in parts of 16 KiB, and nothing of it is lost."""
    server.get("/line?40000")
    server.wait_log(r"output: y{7232}$")
    parts = re.findall(r"output: (y+)$", server.log(), re.M)
    assert [len(part) for part in parts] == [16384, 16384, 7232]


def test_flood_of_output():
    """A worker that writes much does not keep the supervisor from its work, and loses nothing."""
    with Server("process:app", "--workers", "2") as server:
        client = threading.Thread(target=server.get, args=("/flood?20000",))
        client.start()
        assert server.get("/print?beside").status == 200
        client.join()
        eventually(lambda: server.log().count("output: " + "x" * 99) == 20000, what="all lines")


def test_last_words():
    """What a worker printed just before it was killed is in the log, before its end is."""
    with Server("process:app", "--workers", "1") as server:
        assert server.get("/unfinished?half-a-line").status == 200
        assert server.get(f"/die?{signal.SIGKILL:d}").status == 502
        server.wait_log(r"was killed by SIGKILL")
        log = server.log()
        half, words = log.index("half-a-line"), log.index("my last words")
        assert half < words < log.index("was killed by SIGKILL")


def test_stuck_reader(tmp_path):
    """Nobody reads the server's log: the application may print as it likes, and is served."""
    reader, writer = os.pipe()
    try:
        with Server("process:app", "--workers", "1",
                    preexec=lambda: (os.dup2(writer, 2), os.dup2(writer, 1))) as server:
            for _ in range(20):
                assert server.get("/flood?1000").status == 200
            os.set_blocking(reader, False)
            assert b"[worker 1] output: xxx" in os.read(reader, 1 << 20)
    finally:
        os.close(reader)
        os.close(writer)


# Ends


@pytest.mark.skipif(SANITIZED, reason="the sanitizer reports it")
def test_crash_shows_the_python_stack():
    """A worker that crashes in C leaves its Python stack in the log, and its signal in words."""
    with Server("process:app", "--workers", "1") as server:
        server.expected_accident = "Fatal Python error: Segmentation fault"
        assert server.get("/crash").status == 502
        server.wait_log(r"worker 1 \(pid \d+\) was killed by SIGSEGV \(segmentation fault\)")
        assert re.search(r'output:   File ".*process\.py", line \d+ in <lambda>', server.log())
        assert server.get("/").status == 200


def test_ends_in_words():
    """A code and a signal of a worker are told as such; a kill from outside as that."""
    with Server("process:app", "--workers", "1") as server:
        assert server.get("/exit?17").status == 502
        server.wait_log(r"exited with code 17")
        eventually(lambda: server.get("/").status == 200, what="a new worker")
        server.worker.kill()
        server.wait_log(r"was killed by SIGKILL \(from outside")


def test_row183_crash_loop_answers_503(tmp_path):
    """Row 183: while the only worker can not be started again, clients get 503 with Retry-After."""
    (tmp_path / "later.py").write_text(
        "import os\nif os.path.exists('broken'): raise RuntimeError('at import')\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return [b'fine']\n")
    with Server("later:app", "--workers", "1", cwd=tmp_path) as server:
        (tmp_path / "broken").touch()
        server.worker.kill()
        server.wait_log("RuntimeError: at import")
        eventually(lambda: server.get().status == 503, what="503")
        response = server.get()
        assert response.status == 503 and 1 <= int(response.get("retry-after")) <= 5
        (tmp_path / "broken").unlink()
        eventually(lambda: server.get().status == 200, 30, "service again")
