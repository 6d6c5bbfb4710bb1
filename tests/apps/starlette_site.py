"""The site of site_contract.py in Starlette."""

import gate
import site_contract as site
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import (JSONResponse, PlainTextResponse, RedirectResponse,
                                 StreamingResponse)
from starlette.routing import Route


async def index(request):
    return PlainTextResponse("starlette")


async def hello(request):
    return PlainTextResponse(f"Hello {request.path_params['name']}")


async def form(request):
    return RedirectResponse(f"/hello/{(await request.form())['name']}", 303)


async def json(request):
    return JSONResponse(await request.json())


async def upload(request):
    fields = await request.form()
    file = fields["file"]
    return JSONResponse(site.upload_report(fields["title"], file.filename, file.file))


async def download(request):
    count = int(request.query_params["bytes"])
    return StreamingResponse(site.download(count), headers={"Content-Length": str(count)})


async def events(request):
    async def stream():
        for number, name in enumerate(site.EVENTS):
            if number:
                await gate.wait_async()
            yield site.event(name)
    return StreamingResponse(stream(), media_type="text/event-stream")


async def next_event(request):
    gate.release()
    return PlainTextResponse("released")


async def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return PlainTextResponse(str(request.session["visits"]))


async def error(request):
    raise RuntimeError(site.FAILURE)


app = Starlette(
    routes=[Route("/", index), Route("/hello/{name}", hello), Route("/download", download),
            Route("/events", events), Route("/visits", visits), Route("/error", error),
            Route("/form", form, methods=["POST"]), Route("/json", json, methods=["POST"]),
            Route("/upload", upload, methods=["POST"]),
            Route("/next", next_event, methods=["POST"])],
    middleware=[Middleware(SessionMiddleware, secret_key=site.SECRET)])
