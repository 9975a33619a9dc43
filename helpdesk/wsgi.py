"""Plain HTTP: Django's own WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
application = get_wsgi_application()

import helpdesk.celery  # noqa: E402, F401  (whoever serves rings its doorbell)
from helpdesk.core.web.requests import Request  # noqa: E402

application.request_class = Request
