"""The site of site_contract.py in Django."""
import json
import os
import sys

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
import gate  # noqa: E402
import site_contract as site  # noqa: E402


def index(request):
    return HttpResponse("django")


def hello(request, name):
    return HttpResponse(f"Hello {name}", content_type="text/plain; charset=utf-8")


@csrf_exempt
def form(request):
    response = HttpResponseRedirect(f"/hello/{request.POST['name']}")
    response.status_code = 303
    return response


@csrf_exempt
def json_echo(request):
    return JsonResponse(json.loads(request.body))


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse(site.upload_report(request.POST["title"], file.name, file))


def download(request):
    count = int(request.GET["bytes"])
    response = StreamingHttpResponse(site.download(count))
    response["Content-Length"] = str(count)
    return response


def events(request):
    def stream():
        for number, name in enumerate(site.EVENTS):
            if number:
                gate.wait()
            yield site.event(name)
    return StreamingHttpResponse(stream(), content_type="text/event-stream")


@csrf_exempt
def next_event(request):
    gate.release()
    return HttpResponse("released")


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def error(request):
    raise RuntimeError(site.FAILURE)
