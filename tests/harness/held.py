"""Requests to the application `held` that stay with a worker until the test lets them go."""

from .wait import eventually


def hold(server, path, folder, name):
    """A client whose request is held by a worker; returns it with the file that lets it go."""
    client = server.connect(timeout=30)
    client.request("GET", f"/{path}?file={folder}/{name}&started={folder}/{name}-started")
    eventually((folder / f"{name}-started").exists, what="the held request")
    return client, folder / name
