"""What a browser adds to requests: encoded forms, uploads and cookies."""

import urllib.parse

BOUNDARY = "----headrace-test-boundary"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
MULTIPART = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
JSON = ("Content-Type", "application/json")


def urlencoded(**fields):
    return urllib.parse.urlencode(fields).encode()


def multipart(fields, files=()):
    """A multipart/form-data body; `files` are (field, file name, content) triples."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
             for name, value in fields.items()]
    parts += [f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
              f'Content-Type: application/octet-stream\r\n\r\n'.encode() + content
              for name, file_name, content in files]
    opening = f"--{BOUNDARY}\r\n".encode()
    return b"".join(opening + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


class Browser:
    """Requests that carry the cookies of earlier answers; follows redirects of its own site."""

    def __init__(self, server):
        self.server = server
        self.cookies = {}

    def _send(self, method, target, *fields, body=b""):
        if self.cookies:
            fields += (("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items())),)
        response = self.server.request(method, target, *fields, body=body)
        for line in response.all("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if not value or "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    def get(self, target, *fields):
        return self._send("GET", target, *fields)

    def submit(self, target, **values):
        """POST a form and, when the answer is a redirect, get the page it leads to."""
        response = self._send("POST", target, FORM, body=urlencoded(**values))
        if response.status in (302, 303):
            location = urllib.parse.urlsplit(response.get("location"))
            return self.get(location.path + ("?" + location.query if location.query else ""))
        return response
