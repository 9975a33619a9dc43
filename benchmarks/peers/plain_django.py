"""Peer: Django as `startproject` sets it up, with connections kept, before the barest hub.

Whoever is signed in stores one row per message. No rights are asked, nothing is numbered, recorded
or drawn: it is what Django itself takes for a message.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import dj_database_url
import django
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connection, models, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from redis import Redis
from screens import TOPIC, Screen

database = dj_database_url.parse(os.environ["DATABASE_URL"])
database["OPTIONS"] = {"pool": True}
settings.configure(
    SECRET_KEY="a benchmark's",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": database},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
django.setup()
wire = Redis(unix_socket_path=os.environ["REDIS_SOCKET"])

from django.contrib.auth.models import User  # noqa: E402  (once there are settings)
from django.contrib.sessions.models import Session  # noqa: E402


class Message(models.Model):
    """What an agent wrote."""

    author = models.ForeignKey(User, on_delete=models.CASCADE)
    body = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return self.body


def messages(request: HttpRequest) -> JsonResponse:
    """Store a message, tell every screen."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    with transaction.atomic():
        made = Message.objects.create(author=request.user, body=json.loads(request.body)["body"])
        told = {"id": made.pk, "author": made.author.username, "body": made.body}
        transaction.on_commit(lambda: wire.publish(TOPIC, json.dumps(told)))
    return JsonResponse({"id": made.pk}, status=201)


urlpatterns = [path("", messages)]


def prepare() -> None:
    """The tables, and an agent whose session has the key that the load client knows."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Message)
    agent = User.objects.create_user("agent")
    facts = {
        "_auth_user_id": str(agent.pk),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": agent.get_session_auth_hash(),
    }
    Session.objects.create(
        session_key=os.environ["SESSION_KEY"],
        session_data=Session.objects.encode(facts),
        expire_date=timezone.now() + timedelta(days=1),
    )
    connection.close()


with ThreadPoolExecutor(1) as thread:  # the servers import this inside their loop
    thread.submit(prepare).result()

app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": Screen.as_asgi()})
