from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.inboxes.commands import renew_signing_secret
from conversations.inboxes.models import Inbox


class Command(BaseCommand):
    help = "Print the secret with which a site's server signs who its visitors are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the inbox's key")
        parser.add_argument("--renew", action="store_true", help="make a new one")

    def handle(self, *args: Any, **options: Any) -> None:
        inbox = Inbox.objects.filter(key=options["key"]).first()
        if inbox is None:
            raise CommandError(f"There is no inbox with the key {options['key']}.")
        secret = inbox.signing_secret
        if options["renew"] or not secret:
            secret = renew_signing_secret(actor=None, inbox=inbox)
        self.stdout.write(secret)
