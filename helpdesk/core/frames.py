"""What goes out to screens, made ready for the wire once for all who are told the same."""

from functools import cached_property

# In a scope's extensions: writes finished frames to the socket; False if it cannot take them now.
WRITE = "tandem.write"
# Takes a function to which the socket's whole binary messages go from now on, past the queue: one
# that returns at once and never raises.
READ = "tandem.read"
_TEXT, _BYTES = 0x81, 0x82  # RFC 6455: the first byte of a whole message


class Frame:
    """Messages for any number of sockets, in their order."""

    def __init__(self, *messages: str | bytes) -> None:
        self.messages = messages

    @cached_property
    def wire(self) -> bytes:
        """The messages as a server writes them to a WebSocket without compression."""
        return b"".join(map(_written, self.messages))


def _written(message: str | bytes) -> bytes:
    kind, data = (_TEXT, message.encode()) if isinstance(message, str) else (_BYTES, message)
    size = len(data)
    if size < 126:
        return bytes((kind, size)) + data
    if size < 65_536:
        return bytes((kind, 126)) + size.to_bytes(2, "big") + data
    return bytes((kind, 127)) + size.to_bytes(8, "big") + data
