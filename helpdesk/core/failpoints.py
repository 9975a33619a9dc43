"""Places in the code where the fault tests end a process. Inert unless TANDEM_FAILPOINTS=1.

A test arms one by writing a file of its name into the folder that HELPDESK_FAILPOINT names: the
next process that passes takes the file away and does what it says, `exit` or `exit after SECONDS`.
"""

import os
import threading
from pathlib import Path

from django.conf import settings


def reach(name: str) -> None:
    """Pass a failpoint."""
    folder = os.environ.get("HELPDESK_FAILPOINT")
    if not settings.FAILPOINTS or not folder:
        return
    armed = Path(folder, name)
    taken = armed.with_suffix(f".{os.getpid()}")
    try:
        armed.rename(taken)
    except OSError:  # not armed, or another process was faster
        return
    _, _, seconds = taken.read_text().partition(" after ")
    if seconds:
        threading.Timer(float(seconds), os._exit, (1,)).start()
    else:
        os._exit(1)
