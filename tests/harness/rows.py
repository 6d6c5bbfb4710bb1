"""Tables of requests and the right answers to them, by row of the list of bad inputs."""

import pytest

from .wire import request_bytes, says_close

KEEP, CLOSE = "keep", "close"


def table(*rows):
    """Parametrize a test with (row number, name, bytes to send, status, KEEP or CLOSE)."""
    ids = [f"row{number}-{name}" for number, name, *_ in rows]
    assert len(set(ids)) == len(ids), "two rows of one name"
    return pytest.mark.parametrize("data, status, connection", [row[2:] for row in rows], ids=ids)


def each(number, status, connection, **named_bytes):
    """Rows that share number and answer."""
    return [(number, name, data, status, connection) for name, data in named_bytes.items()]


def with_fields(*fields, method="GET", body=b"", **options):
    return request_bytes(method, "/", *fields, body=body, **options)


def check(server, data, status, connection):
    """Send `data` to a connection: its answer, what becomes of it, and no harm to the next one."""
    with server.connect() as client:
        client.send(data)
        response = client.response()
        assert response.status == status, response
        if connection == CLOSE:
            assert says_close(response), response
            client.expect_end()
        else:
            assert not says_close(response), response
            client.expect_kept()
    assert server.get("/after").status == 200
    return response
