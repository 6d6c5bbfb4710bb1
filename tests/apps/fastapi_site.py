"""The site of site_contract.py in FastAPI, and what only FastAPI has: see test_fastapi.py."""

import contextvars
import os
import pathlib
import threading

import gate
import site_contract as site
from fastapi import BackgroundTasks, Depends, FastAPI, Form, Header, HTTPException, Request, \
    UploadFile
from fastapi.responses import FileResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI(default_response_class=PlainTextResponse)
app.add_middleware(SessionMiddleware, secret_key=site.SECRET)
started = []
user = contextvars.ContextVar("user", default="nobody")


@app.on_event("startup")
async def startup():
    started.append("yes")


@app.on_event("shutdown")
async def shutdown():
    if "SHUTDOWN_FILE" in os.environ:
        pathlib.Path(os.environ["SHUTDOWN_FILE"]).write_text("shut down")


@app.get("/")
async def index():
    return "fastapi"


@app.get("/hello/{name}")
async def hello(name: str):
    return f"Hello {name}"


@app.post("/form")
async def form(name: str = Form()):
    return RedirectResponse(f"/hello/{name}", 303)


class Anything(BaseModel):
    class Config:
        extra = "allow"


@app.post("/json")
async def json(value: Anything) -> dict:
    from fastapi.responses import JSONResponse
    return JSONResponse(value.dict())


@app.post("/upload")
def upload(file: UploadFile, title: str = Form()):
    from fastapi.responses import JSONResponse
    return JSONResponse(site.upload_report(title, file.filename, file.file))


@app.get("/download")
def download(request: Request):
    count = int(request.query_params["bytes"])
    return StreamingResponse(site.download(count), headers={"Content-Length": str(count)})


@app.get("/events")
async def events():
    async def stream():
        for number, name in enumerate(site.EVENTS):
            if number:
                await gate.wait_async()
            yield site.event(name)
    return StreamingResponse(stream(), media_type="text/event-stream")


@app.post("/next")
async def next_event():
    gate.release()
    return "released"


@app.get("/visits")
async def visits(request: Request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return str(request.session["visits"])


@app.get("/error")
async def error():
    raise RuntimeError(site.FAILURE)


# Only in FastAPI

async def current_user(authorization: str = Header()):
    if not authorization.startswith("Bearer "):
        raise HTTPException(401, "no bearer")
    user.set(authorization[7:])
    try:
        yield user.get()
    finally:
        started.append(f"closed {user.get()}")


@app.get("/me")
async def me(name: str = Depends(current_user)):
    return f"{name} {user.get()}"


@app.get("/nobody")
async def nobody():
    return user.get()


@app.get("/items/{item_id}")
async def item(item_id: int, q: int = 0):
    return f"{item_id + q}"


@app.get("/thread")
def thread():
    return threading.current_thread().name


@app.get("/started")
async def lifespan_ran():
    return ",".join(started)


@app.post("/later")
async def later(tasks: BackgroundTasks):
    async def work():
        await gate.wait_async()
        started.append("background")
    tasks.add_task(work)
    return "accepted"


@app.get("/file")
async def file():
    return FileResponse(__file__, filename="source.py")
