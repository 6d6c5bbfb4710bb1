"""The Python side of Headrace, a server for Python web applications."""

from headrace.errors import RequestTimeout

__all__ = ["RequestTimeout"]
__version__ = "0.1.0"
