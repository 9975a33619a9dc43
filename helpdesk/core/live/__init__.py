"""Live delivery: the hub every process hears events through, and the sockets of this process."""

from helpdesk.core.live.sockets import drain

__all__ = ["drain"]
