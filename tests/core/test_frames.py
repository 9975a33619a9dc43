"""Frames are written as the WebSocket library writes them."""

import pytest
from websockets.frames import Frame as Whole
from websockets.frames import Opcode

from helpdesk.core.frames import Frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("kind", [Opcode.TEXT, Opcode.BINARY])
def test_a_message_is_framed_as_the_library_does_it(size, kind):
    data = b"x" * size
    message = data.decode() if kind is Opcode.TEXT else data
    assert Frame(message).wire == Whole(kind, data).serialize(mask=False)


def test_several_messages_stand_one_after_the_other():
    assert Frame("客服", b"\x00").wire == Frame("客服").wire + Frame(b"\x00").wire
