"""AppError: the application cannot be served, and the message says all the user needs."""


class AppError(Exception):
    """Its text is for the user: what is wrong, what was tried, what to do. No traceback."""
