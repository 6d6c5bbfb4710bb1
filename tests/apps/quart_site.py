"""The site of site_contract.py in Quart."""

import gate
import site_contract as site
from quart import Quart, jsonify, redirect, request, session

app = Quart(__name__)
app.secret_key = site.SECRET


@app.get("/")
async def index():
    return "quart"


@app.get("/hello/<name>")
async def hello(name):
    return f"Hello {name}"


@app.post("/form")
async def form():
    return redirect(f"/hello/{(await request.form)['name']}", 303)


@app.post("/json")
async def json():
    return jsonify(await request.get_json())


@app.post("/upload")
async def upload():
    file = (await request.files)["file"]
    title = (await request.form)["title"]
    return site.upload_report(title, file.filename, file.stream)


@app.get("/download")
async def download():
    count = int(request.args["bytes"])

    async def stream():
        for piece in site.download(count):
            yield piece
    return stream(), {"Content-Length": str(count)}


@app.get("/events")
async def events():
    async def stream():
        for number, name in enumerate(site.EVENTS):
            if number:
                await gate.wait_async()
            yield site.event(name).encode()
    return stream(), {"Content-Type": "text/event-stream"}


@app.post("/next")
async def next_event():
    gate.release()
    return "released"


@app.get("/visits")
async def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@app.get("/error")
async def error():
    raise RuntimeError(site.FAILURE)
