"""`manage.py up`: run all of Tandem on this machine."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from helpdesk.stack.launch import Wanted, launch


class Command(BaseCommand):
    help = (
        "Run Tandem on this machine: PostgreSQL and Redis unless DATABASE_URL and REDIS_URL name "
        "others, migrations, web processes, a worker and the scheduler. Ctrl-C stops all of it."
    )
    requires_system_checks: list[str] = []  # the web processes' checks; nothing is served here

    def add_arguments(self, parser: ArgumentParser) -> None:
        cores = min(os.cpu_count() or 1, 2)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
        parser.add_argument("--web", type=int, default=cores, metavar="N", help="web processes")
        parser.add_argument("--no-worker", action="store_true", help="no worker, no scheduler")

    def handle(self, **options: Any) -> None:
        launch(
            Wanted(
                host=options["host"],
                port=options["port"],
                server=options["server"],
                web=max(1, options["web"]),
                worker=not options["no_worker"],
                demo=bool(getattr(settings, "DEMO", False)),
            )
        )
