"""A hello page, which is a form's target too, and large pages for clients that read slowly."""

PAGES = {"/": b"Hello, world!\n", "/128KiB": b"x" * (128 << 10), "/1MiB": b"x" * (1 << 20)}
TYPE = ("Content-Type", "text/plain; charset=utf-8")


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
    body = PAGES[environ["PATH_INFO"]]
    start_response("200 OK", [TYPE, ("Content-Length", str(len(body)))])
    return [body]
