"""`manage.py demo`: people, inboxes and conversations to look around with.

Everything is made by the product's own commands. Live conversations are played act by act, dated to
the past days by `conversations.threads.steps.told_at` (their audit records keep the true time);
those of earlier years come by the importer's path.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from helpdesk.demo.people import assemble
from helpdesk.demo.playing import import_past, play
from helpdesk.demo.scenes import SCENES
from helpdesk.demo.texts import keep_texts

LOCK = 0x74616E64656D  # "tandem"; held while the data is made


class Command(BaseCommand):
    help = (
        "Make the demonstration's agents, inboxes and conversations. Adds what is missing and "
        "changes nothing else, so it may run at every start. Needs DEMO_PASSWORD."
    )

    def handle(self, **options: Any) -> None:
        password = settings.DEMO_PASSWORD
        if not password:
            raise CommandError("Set DEMO_PASSWORD to the password that all demo users shall have.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise CommandError("Another run is making the demo data just now.")
        try:
            cast = assemble(password)
            past = import_past(cast)
            acts = play(SCENES, cast) + keep_texts(cast)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        if options["verbosity"]:
            done = (
                f"{acts} acts and {past} past conversations added" if acts or past else "complete"
            )
            self.stdout.write(f"Demo data: {done}.")
