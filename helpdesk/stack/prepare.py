"""One start's work on the database: migrations, static files, demo data. Quick when all is done."""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from helpdesk.stack import static


def prepare() -> None:
    """Bring database and static files to this version, and make the demo's data if asked."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Setting up the database …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
    if settings.STATIC_ROOT and not settings.DEBUG:
        static.collect()
    if getattr(settings, "DEMO", False) and "demo" in get_commands():
        call_command("demo")


def main() -> None:
    """The entry point: `python -m helpdesk.stack.prepare`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    django.setup()
    # Migrations may take longer than a page ever may.
    connection.settings_dict.setdefault("OPTIONS", {})["options"] = "-c lock_timeout=60000"
    try:
        prepare()
    except OperationalError as problem:
        sys.exit(f"The database cannot be prepared: {str(problem).strip().splitlines()[0]}")
    except DatabaseError:
        print("The database could not be brought to this version:", file=sys.stderr)
        raise


if __name__ == "__main__":
    main()
