"""The Python side of Headrace, a server for Python web applications."""

__version__ = "0.1.0"
