"""Report: what becomes of an application's failure, in the log and on the page."""

from headrace.log import Log, traceback_text

# A page must fit one frame of the channel.
PAGE_SIZE_MAX = 32 << 10


class Report:
    """Called by the extension module with each exception that an application lets out."""

    def __init__(self, log: Log, debug: bool) -> None:
        self._log = log
        self._debug = debug

    def __call__(self, exception: BaseException, method: str, path: str) -> bytes:
        """Logs it with its request and returns the body of the plain text page for the client.

        The client learns what happened only with --debug.
        """
        text = traceback_text(exception)
        self._log.error(f"{method} {printable(path)} failed\n{text}")
        page = "500 Internal Server Error\n"
        if self._debug:
            page += f"\n{text}"
        return page.encode(errors="backslashreplace")[:PAGE_SIZE_MAX]

    def warn(self, message: str, method: str, path: str) -> None:
        """Logs a mistake of the application that the response was mended for."""
        self._log.warning(f"{method} {printable(path)}: {message}")


def printable(path: str) -> str:
    """The path with all that could forge or spoil a line of the log escaped.

    `path` is the decoded path as PEP 3333 gives it: its bytes as Latin-1 characters.
    """
    text = path.encode("latin-1", "replace").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
