"""The site of site_contract.py in Bottle."""

import gate
import site_contract as site
from bottle import Bottle, redirect, request, response

app = Bottle()


@app.get("/")
def index():
    return "bottle"


@app.get("/hello/<name>")
def hello(name):
    return f"Hello {name}"


@app.post("/form")
def form():
    redirect(f"/hello/{request.forms['name']}", 303)


@app.post("/json")
def json():
    return request.json


@app.post("/upload")
def upload():
    file = request.files["file"]
    return site.upload_report(request.forms["title"], file.raw_filename, file.file)


@app.get("/download")
def download():
    count = int(request.query["bytes"])
    response.set_header("Content-Length", str(count))
    return site.download(count)


@app.get("/events")
def events():
    response.content_type = "text/event-stream"
    for number, name in enumerate(site.EVENTS):
        if number:
            gate.wait()
        yield site.event(name)


@app.post("/next")
def next_event():
    gate.release()
    return "released"


@app.get("/visits")
def visits():
    count = int(request.get_cookie("visits", "0", secret=site.SECRET)) + 1
    response.set_cookie("visits", str(count), secret=site.SECRET)
    return str(count)


@app.get("/error")
def error():
    raise RuntimeError(site.FAILURE)


app.catchall = False   # errors are the server's to show
