import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from permissions.audit import commands, files, head, reading
from permissions.audit.verifying import Verifier


class Command(BaseCommand):
    """Names the first audit record that was altered, taken, added or moved."""

    help = (
        "Verifies the audit records of the database, or of an exported file, against their seals. "
        "Ends with 1 and names what does not fit. Needs AUDIT_KEY; a file needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="an exported file to verify")
        parser.add_argument("--export", type=Path, metavar="FILE", help="write all of it to a file")
        parser.add_argument(
            "--checkpoint", type=Path, metavar="FILE", help="a copy of the newest seal to compare"
        )
        parser.add_argument(
            "--accept-cut",
            metavar="REASON",
            help="after a backup was restored: go on from what the database has, and record why",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checkpoint = head.read(options["checkpoint"]) if options["checkpoint"] else None
        except ValueError as error:
            raise CommandError(f"{error} is no checkpoint.") from None
        if options["export"]:
            self._export(options["export"])
        elif options["accept_cut"]:
            commands.accept_cut(actor=None, reason=options["accept_cut"])
            self.stdout.write("Recorded. The next seal is remembered as the newest.")
        elif options["file"]:
            try:
                lines = files.lines_of(options["file"].read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{options['file']} cannot be read: {error}") from None
            self._tell(files.verify_file(lines, checkpoint))
        else:
            verifier = reading.verifier()
            for seal, found in reading.groups():
                verifier.take(seal, found, timezone.now())
            reading.compare_with_head(verifier, checkpoint)
            self._tell(verifier)

    def _export(self, path: Path) -> None:
        commands.record_export(actor=None, what="audit file", filters={})
        with path.open("w", encoding="utf-8") as file:
            path.chmod(0o600)
            file.writelines(files.export_lines())
        self.stdout.write(f"Written to {path}.")

    def _tell(self, verifier: Verifier) -> None:
        for finding in verifier.findings:
            self.stderr.write(str(finding))
        if verifier.findings:
            sys.exit(1)
        seals = verifier.before.number if verifier.before else 0
        self.stdout.write(f"{verifier.records} records and {seals} seals: nothing was changed.")
