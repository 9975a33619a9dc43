"""The shape of a message, the same for HTTP and programs: what is read before a command."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from conversations.threads.models import MAX_BODY, MAX_FILES, MAX_LABEL, MAX_TAGS
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from helpdesk.core.web.negotiation import read_number


@dataclass(frozen=True, slots=True)
class MessageInput:
    """A message as sent: text or files or both, under the sender's id for it."""

    client_id: uuid.UUID
    body: str
    files: tuple[uuid.UUID, ...]
    seen: int | None
    sensitive: bool  # a note in confidence

    @classmethod
    def read(cls, data: dict[str, Any]) -> "MessageInput":
        """Raises Invalid with a sentence for whatever is not as it should be."""
        files = read_files(data)
        body = clean_text(data.get("body", ""), limit=MAX_BODY).strip()
        if not body and not files:
            raise Invalid(_("Write something first."))
        seen = data.get("seen")
        return cls(
            client_id=read_uuid(data.get("client_id")),
            body=body,
            files=files,
            seen=None if seen in (None, "") else read_number(seen),
            sensitive=data.get("sensitive") in (True, "true", "1"),
        )


def read_files(data: dict[str, Any]) -> tuple[uuid.UUID, ...]:
    """The ids of the files that go with a message. Raises Invalid."""
    files = data.get("files") or []
    if isinstance(files, str):
        files = [files]
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise Invalid(_("Too many files on one message."), limit=MAX_FILES)
    return tuple(read_uuid(file) for file in files)


def read_uuid(value: Any) -> uuid.UUID:
    """A UUID in its usual spelling. Raises Invalid."""
    if not isinstance(value, str) or len(value) != 36:
        raise Invalid(_("An id (UUID) is missing or not valid."))
    try:
        return uuid.UUID(value)
    except ValueError:
        raise Invalid(_("An id (UUID) is missing or not valid.")) from None


def read_label(value: Any) -> str:
    """A tag or an issue type on one line; '' for one that nobody could see. Raises Invalid."""
    label = one_line(clean_text(value, limit=MAX_BODY), limit=MAX_BODY)
    if len(label) > MAX_LABEL:
        raise Invalid(_("The text is too long."), limit=MAX_LABEL)
    is_visible = any(one.isprintable() and not one.isspace() for one in label)
    return label if is_visible else ""


def read_tags(value: Any) -> list[str]:
    """Tags in their order, none twice. Raises Invalid."""
    tags = [value] if isinstance(value, str) else value
    if not isinstance(tags, list):
        raise Invalid(_("A list of tags is missing."))
    if len(tags) > MAX_TAGS:
        raise Invalid(_("A conversation has room for %(most)s tags.") % {"most": MAX_TAGS})
    return list(dict.fromkeys(filter(None, map(read_label, tags))))
