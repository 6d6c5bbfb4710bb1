"""Log: what a worker has to say, as lines on standard error."""

import os
import time
import traceback

LEVELS = ("debug", "info", "warning", "error")

# Text in the log may come from strangers: it must not steer a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))
             if chr(code) not in "\n\t"}


class Log:
    """Writes lines like `2026-01-01 12:00:00.123 [worker 1] error: text`.

    A message is written at once, whole, so that those of several workers never mix. `fd` is where
    the server's log goes: a worker's own standard error is captured, and stamped once more.
    """

    def __init__(self, name: str, level: str = "info", fd: int = 2) -> None:
        self._name = name
        self._fd = fd
        self.set_level(level)

    def set_level(self, level: str) -> None:
        """The least severe level that is written from now on; from any thread."""
        self._level = LEVELS.index(level) if level in LEVELS else LEVELS.index("info")

    def error(self, text: str) -> None:
        """Something failed and somebody noticed."""
        self._write("error", text)

    def warning(self, text: str) -> None:
        """Something is wrong but was mended."""
        self._write("warning", text)

    def info(self, text: str) -> None:
        """What an operator likes to know."""
        self._write("info", text)

    def debug(self, text: str) -> None:
        """What a developer likes to know."""
        self._write("debug", text)

    def _write(self, level: str, text: str) -> None:
        if LEVELS.index(level) < self._level:
            return
        line = f"{timestamp()} [{self._name}] {level}: {text.rstrip().translate(_CONTROLS)}\n"
        # Past sys.stderr: the application may have replaced it, and its lock may be held.
        try:
            os.write(self._fd, line.encode(errors="backslashreplace"))
        except OSError:
            pass  # nobody reads the log any more; requests go on


def timestamp() -> str:
    """Now, in local time, to the millisecond."""
    now = time.time_ns() // 1_000_000
    seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now // 1000))
    return f"{seconds}.{now % 1000:03}"


def traceback_text(exception: BaseException) -> str:
    """The traceback as Python prints it, without our own frames that lead to the application."""
    frames = exception.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(exception), exception, frames))


def _is_ours(filename: str) -> bool:
    ours = os.path.dirname(__file__) + os.sep
    return (filename.startswith((ours, "<frozen importlib"))
            or filename.endswith(os.path.join("importlib", "__init__.py")))
