"""FileWrapper: what may be sent by the kernel, and what must be read."""

import gzip
import io
import os
import tempfile

import pytest
from headrace.file_wrapper import FileWrapper


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    return path


@pytest.mark.parametrize("buffering", [0, -1])
def test_plain_file(path, buffering):
    """A file on disk is sent from where the application left it, read-ahead notwithstanding."""
    with open(path, "rb", buffering=buffering) as file:
        file.read(3)
        assert FileWrapper(file).plain_file() == (file.fileno(), 3, 7)


def test_temporary_file():
    """What was written is on disk before it is sent."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"abc")
        file.seek(1)
        fd, position, size = FileWrapper(file).plain_file()
        assert os.pread(fd, size, position) == b"bc"


def test_django_file(path):
    """Django wraps files in its own class."""
    files = pytest.importorskip("django.core.files")
    with open(path, "rb") as file:
        assert FileWrapper(files.File(file)).plain_file() == (file.fileno(), 0, 10)


def test_not_plain(path):
    """What is not the bytes of a file on disk is read."""
    path.write_bytes(gzip.compress(b"text"))
    read_end, write_end = os.pipe()
    os.close(write_end)
    with gzip.open(path) as compressed, open(path, encoding="latin-1") as text, \
            os.fdopen(read_end, "rb") as pipe:
        for file in (compressed, text, pipe, io.BytesIO(b"x"), object()):
            assert FileWrapper(file).plain_file() is None
        assert b"".join(FileWrapper(compressed, 2)) == b"text"


def test_behind_the_end(path):
    """A position that is not inside the file: reading gives nothing, so does sending."""
    with open(path, "rb") as file:
        file.seek(99)
        assert FileWrapper(file).plain_file() is None
        assert list(FileWrapper(file)) == []


def test_close(path):
    """Closing the wrapper closes the file; a thing that cannot be closed is left alone."""
    with open(path, "rb") as file:
        FileWrapper(file).close()
        assert file.closed
        assert FileWrapper(file).plain_file() is None
    FileWrapper(object()).close()
