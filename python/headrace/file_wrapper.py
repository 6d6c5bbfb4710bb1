"""FileWrapper: what WSGI applications return to have a file sent (PEP 3333, wsgi.file_wrapper)."""

import io
import os
import stat
from collections.abc import Iterator
from typing import Any


class FileWrapper:
    """`wsgi.file_wrapper`: a file to be sent as the response's body.

    What is a plain file on disk is sent by the kernel, not read here; everything else is read in
    blocks of `block_size` bytes.
    """

    def __init__(self, filelike: Any, block_size: int = 64 << 10) -> None:
        self.filelike = filelike
        self.block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self.filelike.read(self.block_size)
        if block:
            return block
        raise StopIteration

    def close(self) -> None:
        """Closes the file, if it can be closed."""
        close = getattr(self.filelike, "close", None)
        if close is not None:
            close()

    def plain_file(self) -> tuple[int, int, int] | None:
        """Its descriptor, the position to send from and the bytes from there to the end.

        None when it is no plain file on disk: its bytes must be read.
        """
        file = self.filelike
        # What tempfile and Django wrap around files keeps the real one in `file`.
        for _ in range(2):
            if isinstance(file, io.IOBase):
                break
            file = getattr(file, "file", None)
        raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
        # A subclass may change what is read (decompress, decrypt): only the exact type will do.
        if type(raw) is not io.FileIO:
            return None
        try:
            file.flush()
            status = os.fstat(raw.fileno())
            position = file.tell()
        except (OSError, ValueError):  # a pipe; a closed file
            return None
        if not stat.S_ISREG(status.st_mode) or position > status.st_size:
            return None
        return raw.fileno(), position, status.st_size - position
