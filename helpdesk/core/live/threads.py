"""Database work of the event loop, on threads of its own.

Neither Django's async ORM nor a thread-sensitive call is used here: both share one thread, and one
slow query would freeze every socket of the process.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import OperationalError, close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 6
LONGEST = 12.0  # seconds; a connection and a statement may take five each
_pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="live")
_writer = ThreadPoolExecutor(1, thread_name_prefix="writer")


def _work(function: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


def _stay(function: Callable[[], T]) -> T:
    try:
        return function()
    except Exception:  # whatever it was, the next one begins with a new connection
        connections.close_all()
        raise


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function`, one short piece of database work, without holding up the loop.

    Raises OperationalError when there is no answer in time: whoever asked can ask again.
    """
    return await _run(_pool, _work, partial(function, *args, **kwargs))


async def in_writer(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, one after the other on a thread that keeps its connection: for work of every
    keystroke, which is shorter than getting a connection."""
    return await _run(_writer, _stay, partial(function, *args, **kwargs))


async def _run(
    pool: ThreadPoolExecutor, around: Callable[[Callable[[], T]], T], function: partial[T]
) -> T:
    call = partial(contextvars.copy_context().run, function)
    try:
        async with asyncio.timeout(LONGEST):
            return await asyncio.get_running_loop().run_in_executor(pool, around, call)
    except TimeoutError:
        raise OperationalError(f"{function.func} had no answer in {LONGEST:.0f} seconds") from None
