"""Settings of the tiny project; database and Redis as the product's."""

import os
from pathlib import Path

import dj_database_url

from helpdesk.stack.addresses import data_directory, database_url, redis_url

SECRET_KEY = "for tests of the stack only"
DEBUG = False
DEMO = os.environ.get("DEMO") == "1"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "helpdesk.stack",
]
DATABASES = {"default": dj_database_url.parse(database_url())}
REDIS_URL = redis_url()
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = None
ROOT_URLCONF = "tests.stack.tiny.asgi"
BODY_SECONDS = 3  # so that a test can outlive it
MAX_BODY_BYTES = 1024 * 1024
MAX_UPLOAD_BODY_BYTES = 26 * 1024 * 1024
MEDIA_ROOT = Path(data_directory() / "files")
