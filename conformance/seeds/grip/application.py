"""A Django application behind outpour: django-grip and django-eventstream, as they are written for Pushpin."""

import os
import pathlib

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

STORED = "STORE" in os.environ
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for the test, and of thirty-two bytes",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_eventstream"],
    MIDDLEWARE=["django_grip.GripMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("STORE", ":memory:")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    GRIP_URL=os.environ["GRIP_URL"],
    **({"EVENTSTREAM_STORAGE_CLASS": "django_eventstream.storage.DjangoModelStorage"} if STORED else {}),
)
django.setup()

from django_eventstream import send_event  # noqa: E402
from django_grip import publish, set_hold_longpoll, set_hold_stream, websocket_only  # noqa: E402
from gripcontrol import HttpResponseFormat, HttpStreamFormat, WebSocketMessageFormat  # noqa: E402

if STORED and not pathlib.Path(os.environ["STORE"]).exists():
    call_command("migrate", verbosity=0)


def facts(request):
    return HttpResponse(f"proxied {request.grip.proxied} signed {request.grip.signed}\n")


def wait(request):
    set_hold_longpoll(request, "news", timeout=5)
    return HttpResponse("nothing\n")


def stream(request):
    set_hold_stream(request, "news", keep_alive_data="beat\n", keep_alive_timeout=1)
    return HttpResponse("begin\n", content_type="text/plain")


@csrf_exempt
def tell(request):
    text = request.body.decode()
    formats = [
        HttpStreamFormat(f"stream {text}\n"),
        HttpResponseFormat(body=f"response {text}\n", code=201, headers={"X-Told": "yes"}),
        WebSocketMessageFormat(f"message {text}"),
    ]
    publish("news", formats, blocking=True)
    return HttpResponse("told\n")


@csrf_exempt
def end(request):
    publish("news", [HttpStreamFormat(close=True), WebSocketMessageFormat(action="close", code=4001)], blocking=True)
    return HttpResponse("ended\n")


def say(text):
    publish("room", WebSocketMessageFormat(text), blocking=True)


@csrf_exempt
@websocket_only
def chat(request):
    client = request.wscontext
    if client.is_opening():
        if request.GET.get("user") == "nobody":
            return HttpResponse("who are you?\n", status=403)
        client.accept()
        client.subscribe("room")
        client.meta["user"] = request.GET["user"]
        client.send(f"welcome {request.GET['user']}")
    user = client.meta["user"]
    try:
        while client.can_recv():
            text = client.recv()
            if text is None:
                say(f"{user} leaves")
                client.close(client.close_code)
            elif text == "quit":
                client.close(4000)
            elif text == "leave":
                client.unsubscribe("room")
                client.send("left")
            elif text == "detach":
                client.detach()
                client.send("detached")
            else:
                say(f"{user}: {text}")
    except IOError:
        say(f"{user} is gone")


@csrf_exempt
def event(request):
    send_event("test", "message", {"text": request.body.decode()})
    return HttpResponse("sent\n")


urlpatterns = [
    path("facts", facts),
    path("wait", wait),
    path("stream", stream),
    path("tell", tell),
    path("end", end),
    path("chat", chat),
    path("event", event),
    path("events/", include("django_eventstream.urls"), {"channels": ["test"]}),
]
application = get_wsgi_application()
