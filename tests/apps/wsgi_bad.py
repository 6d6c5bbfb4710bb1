"""Applications that break PEP 3333, one a path: /<name of the function>."""

import sys

TEXT = ("Content-Type", "text/plain")


def header_with_line_break(start_response):
    start_response("200 OK", [TEXT, ("X-A", "1\r\nX-Evil: 1")])


def header_with_line_feed(start_response):
    start_response("200 OK", [TEXT, ("X-A", "1\nX-Evil: 1")])


def header_with_nul(start_response):
    start_response("200 OK", [TEXT, ("X-Evil", "1\0")])


def header_name_with_space(start_response):
    start_response("200 OK", [TEXT, ("X-Evil A", "1")])


def header_name_empty(start_response):
    start_response("200 OK", [TEXT, ("", "X-Evil")])


def header_name_with_colon(start_response):
    start_response("200 OK", [TEXT, ("X-Evil:", "1")])


def header_not_text(start_response):
    start_response("200 OK", [TEXT, ("X-Evil", 1)])


def header_not_latin(start_response):
    start_response("200 OK", [TEXT, ("X-Evil", "\u20ac")])


def status_word(start_response):
    start_response("fine X-Evil", [TEXT])


def status_short(start_response):
    start_response("20 X-Evil", [TEXT])


def status_long(start_response):
    start_response("2000 X-Evil", [TEXT])


def status_with_line_break(start_response):
    start_response("200 OK\r\nX-Evil: 1", [TEXT])


def status_with_tab(start_response):
    start_response("200 \tX-Evil", [TEXT])


def status_reason_too_long(start_response):
    start_response("200 " + "X-Evil" * 100, [TEXT])


def status_interim(start_response):
    start_response("100 X-Evil", [TEXT])


def length_not_a_number(start_response):
    start_response("200 OK", [TEXT, ("Content-Length", "X-Evil")])


def no_start(start_response):
    return [b"evil"]


def body_not_bytes(start_response):
    start_response("200 OK", [TEXT])
    return ["evil"]


def body_none(start_response):
    start_response("200 OK", [TEXT])
    return None


def start_twice(start_response):
    start_response("200 OK", [TEXT])
    start_response("201 Created", [TEXT])
    return [b"evil"]


def raises_before_start(start_response):
    raise ValueError("the message of the failure")


def raises_before_body(start_response):
    start_response("200 OK", [TEXT])
    raise ValueError("the message of the failure")


def raises_in_first_piece(start_response):
    start_response("200 OK", [TEXT])

    def body():
        raise ValueError("the message of the failure")
        yield b""
    return body()


def raises_after_body(start_response):
    start_response("200 OK", [TEXT])

    def body():
        yield b"first"
        raise ValueError("the message of the failure")
    return body()


def shorter_than_length(start_response):
    start_response("200 OK", [TEXT, ("Content-Length", "10")])
    return [b"first"]


def longer_than_length(start_response):
    start_response("200 OK", [TEXT, ("Content-Length", "5")])
    return iter([b"fir", b"st and evil", b"evil"])


def no_content(start_response):
    start_response("204 No Content", [("Content-Length", "4")])
    return [b"evil"]


def not_modified(start_response):
    start_response("304 Not Modified", [("ETag", '"1"')])
    return [b"evil"]


def hop_by_hop(start_response):
    start_response("200 OK", [TEXT, ("Connection", "close"), ("Transfer-Encoding", "gzip"),
                              ("Keep-Alive", "timeout=5"), ("Content-Length", "5")])
    return [b"first"]


def exc_info_before_body(start_response):
    start_response("200 OK", [TEXT, ("X-Evil", "1")])
    try:
        raise ValueError("the message of the failure")
    except ValueError:
        start_response("503 Replaced", [TEXT], sys.exc_info())
    return [b"replaced"]


def exc_info_after_body(start_response):
    write = start_response("200 OK", [TEXT])
    write(b"first")
    try:
        raise ValueError("the message of the failure")
    except ValueError:
        start_response("503 Replaced", [TEXT], sys.exc_info())
    return [b"evil"]


def app(environ, start_response):
    name = environ["PATH_INFO"].lstrip("/")
    if name in globals() and name != "app":
        return globals()[name](start_response)
    start_response("200 OK", [TEXT, ("Content-Length", "2")])
    return [b"ok"]
