"""Closing this process's WebSockets before it ends."""

import asyncio
import importlib
import importlib.util
import logging

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0


async def drain() -> None:
    """Close every WebSocket with 1012, so that its screen comes back elsewhere. Never raises."""
    if importlib.util.find_spec("helpdesk.core.live") is None:
        return
    try:
        live = importlib.import_module("helpdesk.core.live")
        await asyncio.wait_for(live.drain(), DRAIN_SECONDS)
    except Exception:
        logger.exception("not every socket could be closed")
