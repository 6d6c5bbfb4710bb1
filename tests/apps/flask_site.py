"""The site of site_contract.py in Flask."""

import gate
import site_contract as site
from flask import Flask, jsonify, redirect, request, session

app = Flask(__name__)
app.secret_key = site.SECRET


@app.get("/")
def index():
    return "flask"


@app.get("/hello/<name>")
def hello(name):
    return f"Hello {name}"


@app.post("/form")
def form():
    return redirect(f"/hello/{request.form['name']}", 303)


@app.post("/json")
def json():
    return jsonify(request.get_json())


@app.post("/upload")
def upload():
    file = request.files["file"]
    return site.upload_report(request.form["title"], file.filename, file)


@app.get("/download")
def download():
    count = int(request.args["bytes"])
    return app.response_class(site.download(count), headers={"Content-Length": str(count)})


@app.get("/events")
def events():
    def stream():
        for number, name in enumerate(site.EVENTS):
            if number:
                gate.wait()
            yield site.event(name)
    return app.response_class(stream(), mimetype="text/event-stream")


@app.post("/next")
def next_event():
    gate.release()
    return "released"


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@app.get("/error")
def error():
    raise RuntimeError(site.FAILURE)
