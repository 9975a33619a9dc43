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

from django.db import OperationalError, close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

WORKERS = 6
LONGEST = 12.0  # seconds; a connection and a statement may take five each
_pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="live")


def _work(function: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function`, one short piece of database work, without holding up the loop.

    Raises OperationalError when there is no answer in time: whoever asked can ask again.
    """
    call = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
    try:
        async with asyncio.timeout(LONGEST):
            return await asyncio.get_running_loop().run_in_executor(_pool, _work, call)
    except TimeoutError:
        raise OperationalError(f"{function} had no answer in {LONGEST:.0f} seconds") from None
