"""Rows 87-92: responses that an application must not send, behind WSGI and ASGI."""

import importlib.util

import pytest
from harness.server import APPS
from harness.wait import eventually
from harness.wire import Truncated, says_close

INTERFACES = ("wsgi", "asgi")
# Names (of functions in the applications) that begin so must end in a plain 500.
REFUSED = ("header_", "status_", "length_not", "no_start", "no_answer", "body_", "message_",
           "start_twice", "raises_before", "raises_in_first")


def cases(prefixes):
    """(interface, function) of both applications, by the beginning of the function's name."""
    found = []
    for interface in INTERFACES:
        spec = importlib.util.spec_from_file_location(interface, APPS / f"{interface}_bad.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [(interface, name) for name in vars(module) if name.startswith(prefixes)]
    return pytest.mark.parametrize("interface, name", found)


both = pytest.mark.parametrize("interface", INTERFACES)


@pytest.fixture
def bad(shared_server, interface):
    return shared_server(f"{interface}_bad:app", "--workers", "1")


@cases(REFUSED)
def test_rows87_92_500_before_the_head(bad, name):
    """Rows 87, 92: 500, nothing of the bad response on the wire, a log line, connection kept."""
    log_size = len(bad.log())
    with bad.connect() as client:
        response = client.exchange("GET", f"/{name}")
        assert response.status == 500, response
        assert "evil" not in f"{response.fields}{response.body}".lower()
        assert "message of the failure" not in response.text and "Traceback" not in response.text
        client.expect_kept()
    eventually(lambda: len(bad.log()) > log_size, 5, "a line in the log")


@cases(("raises_before",))
def test_row92_traceback_in_the_log(bad, name):
    """Row 92: the traceback of an application error stands in the log."""
    log_size = len(bad.log())
    assert bad.get(f"/{name}").status == 500
    eventually(lambda: "ValueError: the message of the failure" in bad.log()[log_size:], 5,
               "the traceback")
    assert "Traceback" in bad.log()[log_size:] and f"in {name}" in bad.log()[log_size:]


def expect_truncated(bad, name):
    with bad.connect() as client:
        client.request("GET", f"/{name}")
        with pytest.raises(Truncated) as caught:
            client.response()
        response = caught.value.response
        assert (response.status, response.body) == (200, b"first")
    assert bad.get().status == 200


@cases(("shorter_than_length",))
def test_row88_shorter_than_length(bad, name):
    """Row 88: a body shorter than its Content-Length ends the connection: a truncation is seen."""
    expect_truncated(bad, name)


@cases(("raises_after_body", "ends_before_last_body", "exc_info_after_body"))
def test_row92_fails_inside_the_body(bad, name):
    """Row 92: an application that fails inside its body never gets a clean end."""
    expect_truncated(bad, name)


@cases(("longer_than_length",))
def test_row89_longer_than_length(bad, name):
    """Row 89: a body longer than its Content-Length is cut there, and the log says so."""
    log_size = len(bad.log())
    with bad.connect() as client:
        response = client.exchange("GET", f"/{name}")
        assert (response.get("content-length"), response.body) == ("5", b"first")
        if not says_close(response):
            client.request("GET", "/next")
            try:
                assert client.response().body == b"ok"
            except Truncated as error:
                assert "got b''" in str(error)
    eventually(lambda: len(bad.log()) > log_size, 5, "a line in the log")


@cases(("no_content", "not_modified"))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_row90_no_body(bad, name, method):
    """Row 90: 204 and 304 have no body on the wire, whatever the application yields."""
    with bad.connect() as client:
        response = client.exchange(method, f"/{name}")
        assert response.status == {"no_content": 204, "not_modified": 304}[name]
        client.expect_kept()


@pytest.mark.parametrize("target", ["/size?bytes=5", "/pieces?count=3&bytes=5"])
def test_row90_head(echo, target):
    """Row 90: HEAD gets the fields of GET and no body; the connection stays."""
    with echo.connect() as client:
        get, head = (client.exchange(method, target) for method in ("GET", "HEAD"))
        assert head.body == b"" and head.status == get.status
        assert head.get("content-length") == get.get("content-length")
        client.expect_kept()


@cases(("hop_by_hop",))
def test_row91_hop_by_hop(bad, name):
    """Row 91: the application has no say in Connection and Transfer-Encoding: dropped, or 500."""
    with bad.connect() as client:
        response = client.exchange("GET", f"/{name}")
        assert response.status in (200, 500)
        assert not response.all("transfer-encoding") and not response.all("keep-alive")
        if response.status == 200:
            assert response.body == b"first"
        if not says_close(response):
            client.expect_kept()


@pytest.mark.parametrize("interface, name", [("wsgi", "exc_info_before_body")])
def test_exc_info_replaces_the_head(bad, name):
    """PEP 3333: start_response with exc_info replaces a head that has not been sent."""
    response = bad.get(f"/{name}")
    assert response.status == 503
    assert response.body == b"replaced" and not response.all("x-evil")
