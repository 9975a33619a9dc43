"""Bounds of what a peer may send and how long it may take, the same for both servers."""

import re

from django.conf import settings

HEADER_SECONDS = 10  # from the first byte (or the connection) to the end of the headers
BODY_SECONDS = getattr(settings, "BODY_SECONDS", 30)  # to the end of the body …
BODY_BYTES_PER_SECOND = 32 * 1024  # … and one more for each of these that arrived
HEADER_BYTES = 16 * 1024
RESPONSE_SECONDS = 60  # a request that is not answered by then is given up

FRAME_BYTES = 256 * 1024  # of a WebSocket message or frame; larger ones end the connection
CONNECT_SECONDS = 5  # the application's time to accept a WebSocket
CLOSE_SECONDS = 5  # the peer's time to answer our close frame
PING_SECONDS = 14  # between pings, and to wait for the pong: nobody is a ghost for 30
SOCKET_SECONDS = 4 * 60 * 60  # the longest life of a WebSocket
WAITING_FRAMES = 32  # frames that wait for the application before we stop reading

STOP_SECONDS = 10  # for running requests after SIGTERM
LINGER_SECONDS = 3  # to read on after refusing a body, so that the peer sees the answer

TOO_LARGE_TEXT = b"The request is too large.\n"


class BodyLimit:
    """How many bytes the body of a request to a path may have."""

    def __init__(self) -> None:
        self.usual: int = settings.MAX_BODY_BYTES
        self.upload: int = getattr(settings, "MAX_UPLOAD_BODY_BYTES", 26 * 1024 * 1024)
        self._is_upload = re.compile(getattr(settings, "UPLOAD_PATHS", r"/files/?$")).search

    def of(self, path: str) -> int:
        """Bytes allowed for `path` (without its query)."""
        return self.upload if self._is_upload(path) else self.usual
