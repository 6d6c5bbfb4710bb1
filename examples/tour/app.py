"""A walk through what Headrace does for an application; an ordinary Flask program otherwise.

    headrace run --chdir examples/tour --request-timeout-paths /stuck=3s app:app

Nothing here knows the server it runs behind: `flask --app app run` serves the same pages.
"""

import hashlib
import os
import tempfile
import threading
import time

from flask import (Flask, Response, abort, flash, redirect, render_template, request, send_file,
                   session, url_for)

BLOCK_BYTES = 64 * 1024
DOWNLOAD_MEGABYTES_MAX = 1024
FILE_MEGABYTES = 16
EVENTS_COUNT = 30
SLOW_SECONDS_MAX = 10.0

app = Flask(__name__)
app.secret_key = os.environ.get("TOUR_SECRET_KEY", "signs the tour's cookies, which hold no secret")


@app.context_processor
def server_facts():
    return {"server": request.environ.get("SERVER_SOFTWARE", "an unnamed server"),
            "process": os.getpid(), "thread": threading.current_thread().name}


@app.get("/")
def index():
    return render_template("index.html")


@app.route("/form", methods=["GET", "POST"])
def form():
    """A form, a session cookie and a redirect: what most applications are made of."""
    if request.method == "POST":
        name = request.form.get("name", "").strip()[:80]
        if not name:
            flash("Please give a name.")
        else:
            session["visits"] = session.get("visits", 0) + 1
            session["name"] = name
        return redirect(url_for("form"), code=303)
    return render_template("form.html", name=session.get("name"), visits=session.get("visits", 0))


@app.route("/upload", methods=["GET", "POST"])
def upload():
    """Counts and hashes what arrives. The worker was asked when all of it was already there."""
    if request.method == "GET":
        return render_template("upload.html", result=None)
    begin = time.monotonic()
    file = request.files.get("file")
    if file is None:
        abort(400, "The form has no file.")
    digest, size_bytes = hashlib.sha256(), 0
    while block := file.stream.read(BLOCK_BYTES):
        digest.update(block)
        size_bytes += len(block)
    return render_template("upload.html", result={
        "name": file.filename or "without a name", "size_bytes": size_bytes,
        "digest": digest.hexdigest(), "seconds": time.monotonic() - begin})


@app.get("/streaming")
def streaming():
    return render_template("streaming.html", count=EVENTS_COUNT)


@app.get("/events")
def events():
    """Server-sent events: each leaves the machine when it is yielded."""
    def each():
        for number in range(1, EVENTS_COUNT + 1):
            yield f"id: {number}\ndata: {time.strftime('%H:%M:%S')}\n\n"
            time.sleep(0.5)
        yield "event: end\ndata: that was all\n\n"
    return Response(each(), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


@app.get("/download/<int:megabytes>")
def download(megabytes):
    """Generated while it is sent: a slow client never makes memory grow."""
    if not 1 <= megabytes <= DOWNLOAD_MEGABYTES_MAX:
        abort(404)
    block = bytes(range(256)) * (BLOCK_BYTES // 256)
    count = megabytes * 1024 * 1024 // BLOCK_BYTES
    return Response((block for _ in range(count)), mimetype="application/octet-stream", headers={
        "Content-Length": str(count * BLOCK_BYTES),
        "Content-Disposition": f"attachment; filename=tour-{megabytes}.bin"})


@app.get("/file")
def file_download():
    """A real file: the server sends it by itself, the worker only names it."""
    file = tempfile.TemporaryFile()
    size_bytes = file.truncate(FILE_MEGABYTES * 1024 * 1024)
    response = send_file(file, mimetype="application/octet-stream", as_attachment=True,
                         download_name="tour-file.bin")
    response.content_length = size_bytes
    return response


@app.get("/slow")
def slow():
    """Holds one worker thread. Other requests go to the other threads and workers."""
    seconds = min(max(request.args.get("seconds", 2.0, float), 0.0), SLOW_SECONDS_MAX)
    time.sleep(seconds)
    return render_template("page.html", title="Slow", text=f"This answer took {seconds:g} seconds.")


@app.get("/stuck")
def stuck():
    """Never ends by itself. At its time-out the client gets 504 and the log this line; the thread
    goes on with other requests."""
    while True:
        time.sleep(0.1)


@app.get("/error")
def error():
    """Fails. The client sees a plain page, the log has the traceback."""
    raise RuntimeError("This view fails on purpose.")


@app.get("/request")
def seen_request():
    """What the application is told about a request (PEP 3333)."""
    rows = sorted((name, repr(value)) for name, value in request.environ.items()
                  if isinstance(value, (str, int, bool, tuple)))
    return render_template("request.html", rows=rows)
