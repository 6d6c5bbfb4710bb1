"""The exceptions of the package."""


class AppError(Exception):
    """The application cannot be served. Its text is for the user: what is wrong, what was tried,
    what to do. No traceback."""


class RequestTimeout(BaseException):
    """Raised in an application's request that has reached its request_timeout, so that it ends.

    The client has been answered 504 by then. Like asyncio.CancelledError it is no Exception: what
    handles failures lets it pass, and `finally` and `with` put things away.
    """

    def __str__(self) -> str:
        return "the request has reached its request_timeout"
