#!/usr/bin/env python3
"""Django's command line, with one sentence instead of a traceback for what an operator can mend."""

import os
import sys


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is read by older ones as well)
        found = "{}.{}".format(*sys.version_info[:2])
        sys.exit(f"Tandem needs Python 3.11 or newer, this is {found}: install a newer one.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(f"Django is not installed for {sys.executable}: run `make run`.")
    from helpdesk.stack.errors import CannotStart

    try:
        execute_from_command_line(sys.argv)
    except CannotStart as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
