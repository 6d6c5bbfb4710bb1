"""The site of site_contract.py in Falcon (WSGI)."""

import falcon
import gate
import site_contract as site


class Index:
    def on_get(self, request, response):
        response.text = "falcon"


class Hello:
    def on_get(self, request, response, name):
        response.content_type = falcon.MEDIA_TEXT
        response.text = f"Hello {name}"


class Form:
    def on_post(self, request, response):
        raise falcon.HTTPSeeOther(f"/hello/{request.get_media()['name']}")


class Json:
    def on_post(self, request, response):
        response.media = request.get_media()


class Upload:
    def on_post(self, request, response):
        title = ""
        for part in request.get_media():
            if part.name == "title":
                title = part.text
            else:
                response.media = site.upload_report(title, part.filename, part.stream)


class Download:
    def on_get(self, request, response):
        count = request.get_param_as_int("bytes")
        response.set_stream(site.download(count), count)


class Events:
    def on_get(self, request, response):
        response.content_type = "text/event-stream"
        response.stream = self.stream()

    def stream(self):
        for number, name in enumerate(site.EVENTS):
            if number:
                gate.wait()
            yield site.event(name).encode()


class Next:
    def on_post(self, request, response):
        gate.release()
        response.text = "released"


class Visits:
    def on_get(self, request, response):
        count = int(request.cookies.get("visits", "0")) + 1
        response.set_cookie("visits", str(count), secure=False)
        response.text = str(count)


class Error:
    def on_get(self, request, response):
        raise RuntimeError(site.FAILURE)


def not_caught(request, response, error, params):
    raise error   # errors are the server's to show


app = falcon.App()
app.add_error_handler(RuntimeError, not_caught)
for path, resource in {"/": Index(), "/hello/{name}": Hello(), "/form": Form(), "/json": Json(),
                       "/upload": Upload(), "/download": Download(), "/events": Events(),
                       "/next": Next(), "/visits": Visits(), "/error": Error()}.items():
    app.add_route(path, resource)
