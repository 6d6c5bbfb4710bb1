"""Serves a WSGI application (PEP 3333) with threads over the extension module."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from headrace import __version__, _worker
from headrace.control import Control
from headrace.report import Report


def serve(app: Callable[..., Any], settings: dict[str, Any], control: Control,
          report: Report) -> None:
    """Answers requests until the supervisor asks to stop and what was taken is finished."""
    count = settings["threads"]
    server = _worker.WsgiServer(app, settings, report, constants(settings))
    threads = [threading.Thread(target=server.serve, name=f"headrace-{number}")
               for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    control.on_stop = server.stop
    control.ready("wsgi", settings["app"], count)
    for thread in threads:
        thread.join()


def constants(settings: dict[str, Any]) -> dict[str, Any]:
    """What every environ has in common; the extension module adds the rest."""
    return {
        "SERVER_SOFTWARE": f"headrace/{__version__}",
        # Bytes as Latin-1 characters, like every native string of WSGI.
        "SCRIPT_NAME": settings["root_path"].encode().decode("latin-1"),
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": settings["threads"] > 1,
        "wsgi.multiprocess": True,  # there may be more workers at any time
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }


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

    def plain_file(self) -> tuple[int, int] | None:
        """Its descriptor and the position to send from; None when its bytes must be read."""
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
            return raw.fileno(), file.tell()
        except (OSError, ValueError):  # a pipe; a closed file
            return None
