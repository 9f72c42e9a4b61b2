"""A Django application behind outpour, in one file: publishes, authorises, takes uploads."""

import os
import urllib.request

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for the test",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    USE_X_FORWARDED_HOST=True,
)
django.setup()


def who(request):
    return JsonResponse({"uri": request.build_absolute_uri(), "peer": request.META.get("HTTP_X_REAL_IP")})


@csrf_exempt
def upload(request):
    return HttpResponse(str(len(request.body)))


@csrf_exempt
def publish(request):
    asked = urllib.request.Request(os.environ["PUSH_URL"] + "/pub?id=news", data=request.body, method="POST")
    with urllib.request.urlopen(asked) as answer:
        return HttpResponse(status=answer.status)


def events(request):
    response = HttpResponse(content_type="text/event-stream")
    response["X-Accel-Redirect"] = "/push/sub/news"
    return response


def slowly(request):
    response = StreamingHttpResponse(f"line {number}\n" for number in range(2000))
    response["X-Accel-Buffering"] = "no"
    return response


urlpatterns = [
    path("who", who),
    path("upload", upload),
    path("publish", publish),
    path("events", events),
    path("slowly", slowly),
]
application = get_wsgi_application()
