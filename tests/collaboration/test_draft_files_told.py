"""What sockets tell of a draft's files: that there is something to ask for, to who may ask."""

# ruff: noqa: F811  (fixtures of the other file)

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from collaboration.workspace import missed
from conversations.threads import drafted
from helpdesk.core import events
from tests.collaboration.test_sockets import (  # noqa: F401
    cast,
    hears_only_of_colleagues,
    in_database,
    sockets,
    thread,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_who_has_the_conversation_open_is_told(cast, thread, sockets, monkeypatch):
    def attach() -> Any:
        upload = SimpleUploadedFile("terms.txt", b"Terms")
        return drafted.attach_file(
            agent=cast.amy, conversation=thread.pk, kind="note", upload=upload
        )

    ben, eve = await sockets("ben"), await sockets("eve")
    for screen in (ben, eve):
        await screen.tell(type="watch", conversation=str(thread.pk), after=0)
    await ben.frame("entry")
    told = {"type": "drafted", "conversation": str(thread.pk)}
    await in_database(attach)
    assert await ben.frame("drafted") == told
    monkeypatch.setattr(events, "publish", lambda item: None)
    monkeypatch.setattr(missed, "LOOK", 0)
    await in_database(attach)
    assert await ben.frame("drafted") == told
    await eve.frame("access", allowed=False)
    await hears_only_of_colleagues(eve)
