"""One web process: `python -m helpdesk.stack.serve --server daphne --fd N`.

It accepts from a listening socket that its parent holds, so several share one port and none is
missed while it restarts. SIGTERM closes its sockets with 1012 and lets its requests finish.
"""

import argparse
import faulthandler
import gc
import logging
import os
import resource
import signal
import socket
import sys
from importlib import import_module
from typing import Any


def load_application() -> Any:
    """The ASGI application; TANDEM_ASGI names another one for the tests of the servers."""
    module, _, name = os.environ.get("TANDEM_ASGI", "helpdesk.asgi:application").partition(":")
    application = getattr(import_module(module), name)
    # What is there by now stays: to look through it for garbage again and again would hold up every
    # socket for a tenth of a second each time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)  # by default it looks after every seven hundred objects
    return application


def stay_on_a_core(number: int) -> None:
    """Keep all threads of this process on one core, the `number`th (from 1) of those it may use.

    One thread at a time has the interpreter; handing it over between cores costs half as much
    again as all the work. 0: wherever the system likes.
    """
    if number and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[(number - 1) % len(cores)]})


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="helpdesk.stack.serve")
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    wanted = parser.parse_args()
    # Each open socket is a file; most systems allow many more than they give at first.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Requests run on threads beside the loop that feeds the sockets. By default each of their many
    # short waits for PostgreSQL may cost five milliseconds to get the interpreter back.
    sys.setswitchinterval(0.001)
    stay_on_a_core(int(os.environ.get("WEB_CORE", "0")))
    faulthandler.register(signal.SIGUSR1)  # what every thread does, into the log
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    os.environ.setdefault("DATABASE_KEEP", "600")
    listener = socket.socket(fileno=wanted.fd)
    listener.setblocking(False)
    if wanted.server == "daphne":
        from helpdesk.stack.daphne import Server  # first: it installs Twisted's reactor

        Server(load_application(), listener).run()
    else:
        from helpdesk.stack.uvicorn import serve

        serve(load_application(), listener)
    # Not by returning: the interpreter would join the threads of requests that came too late to be
    # answered, and those wait for ever for a loop that has ended.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
