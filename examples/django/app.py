"""A poll: votes are counted by Django, and every open page sees the result change."""

import json
import os
import sys
import urllib.request

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for the example"),
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [os.path.dirname(__file__)]}],
)

votes = {"tea": 0, "coffee": 0}


def publish(channel, data):
    """Tells every subscriber; raises HTTPError if the server refuses."""
    address = f"{os.environ.get('OUTPOUR_URL', 'http://127.0.0.1:9080')}/pub?id={channel}"
    request = urllib.request.Request(address, json.dumps(data).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def index(request):
    get_token(request)
    return render(request, "index.html", {"votes": votes})


@require_POST
def vote(request, choice):
    if choice not in votes:
        return HttpResponse(status=404)
    votes[choice] += 1
    publish("votes", votes)
    return JsonResponse(votes)


urlpatterns = [path("", index), path("votes/<str:choice>", vote)]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", f"127.0.0.1:{os.environ.get('SECOND_PORT', '9081')}"])
