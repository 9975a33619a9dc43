"""`manage.py import_dialogues`: past conversations from a file of JSON lines."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from conversations.inboxes.models import Inbox
from conversations.intake.importing.importer import Importer, Unreachable
from conversations.intake.importing.lines import Lines

INTERRUPTED = 130  # as a shell says it of Ctrl-C


class Command(BaseCommand):
    help = (
        "Import past conversations, one JSON object a line (docs/importing.md). Dialogues that "
        "are there already stay as they are. Lines that cannot be imported are reported and "
        "skipped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSON lines, plain or packed with gzip")
        parser.add_argument("--inbox", required=True, metavar="KEY", help="where they belong")
        parser.add_argument(
            "--strict", action="store_true", help="exit with 1 if any line was skipped"
        )

    def handle(self, *, file: Path, inbox: str, strict: bool, **options: Any) -> None:
        where = Inbox.objects.filter(key=inbox).first()
        if where is None:
            keys = ", ".join(Inbox.objects.order_by("key").values_list("key", flat=True))
            raise CommandError(f"There is no inbox {inbox!r}. There are: {keys or 'none yet'}.")
        try:
            lines = Lines(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        status = 0
        started = time.monotonic()
        with (
            lines,
            tqdm(
                total=lines.size,
                desc=file.name,
                unit="B",
                unit_scale=True,
                disable=options["verbosity"] == 0,
                file=sys.stderr,
            ) as bar,
        ):

            def refused(number: int, reason: str) -> None:
                bar.write(f"Line {number} skipped: {reason}.", file=sys.stderr)

            def landed() -> None:
                bar.set_postfix_str(f"{importer.tally.imported} imported", refresh=False)
                bar.update(lines.position - bar.n)

            importer = Importer(where, file.name, refused=refused, landed=landed)
            try:
                importer.run(lines)
                bar.update(lines.position - bar.n)
            except KeyboardInterrupt:
                status = INTERRUPTED
                bar.write("Interrupted. Run it again to go on.", file=sys.stderr)
            except Unreachable as error:
                status = 1
                bar.write(f"Stopped, {error}. Run it again to go on.", file=sys.stderr)
            if lines.damage:
                status = 1
                bar.write(f"{file.name} is damaged: {lines.damage}.", file=sys.stderr)
        seconds = time.monotonic() - started
        tally = importer.tally
        if strict and tally.skipped:
            status = status or 1
        self.stdout.write(
            f"{tally.imported} imported ({tally.entries} entries), {tally.known} already there, "
            f"{tally.skipped} skipped, {seconds:.1f} seconds, "
            f"{tally.imported / max(seconds, 0.001):.0f} per second"
        )
        if status:
            sys.exit(status)
