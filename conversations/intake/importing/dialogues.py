"""A line of a file read as a past conversation: checked, cleaned, numbered, not yet stored.

Whatever the product does not know is kept in `attributes`, so that nothing of the source is lost.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from conversations.threads.models import MAX_BODY, MAX_TAGS, Entry
from helpdesk.core.text import clean_text, one_line

K, A = Entry.Kind, Entry.Audience

STEP = timedelta(milliseconds=1)  # between entries whose times the source does not tell
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 10 * 366 * 86_400  # seconds a conversation may have lasted
MAX_ID = 200  # characters
MAX_ATTRIBUTE = 20_000  # characters of JSON in one attribute; larger ones are left out
MAX_DEPTH = 50  # of JSON

# Keys of a dialogue that become something of their own; all others become attributes.
_OWN = {"id", "customer", "issue_type", "tags", "messages", "actions", "started_at"}
_OWN_OF_CUSTOMER = {"name", "attributes"}
_OWN_OF_MESSAGE = {"from", "name", "at_offset_s", "text", "macro"}
_OWN_OF_ACTION = {"name", "after_message", "at_offset_s"}


class BadLine(ValueError):
    """This line cannot be imported; the text says why, without telling what customers wrote."""


@dataclass(frozen=True, slots=True)
class PastCustomer:
    external_id: str
    name: str
    language: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An entry without its numbers: those follow from the order."""

    kind: str
    audience: str
    author_kind: str
    author_name: str
    body: str
    event: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation that was held elsewhere and is over."""

    line: int
    external_id: str
    customer: PastCustomer
    issue_type: str
    tags: list[str]
    entries: list[PastEntry]
    attributes: dict[str, Any]


def read_dialogue(number: int, content: bytes | None, *, moment: datetime) -> Dialogue:
    """The dialogue on a line. Raises BadLine.

    `moment` is when dialogues that tell no time of their own are taken to have ended.
    """
    if content is None:
        raise BadLine("the line is longer than 8 MB")
    data = _parse(content)
    customer = data.get("customer")
    messages = data.get("messages")
    if not isinstance(customer, dict):
        raise BadLine("the customer is missing" if customer is None else "customer is no object")
    if not isinstance(messages, list):
        raise BadLine("the messages are missing" if messages is None else "messages is no list")
    if not messages:
        raise BadLine("it has no messages")
    source = _label(data.get("source"), "source", MAX_ID) or "import"
    own_id = _label(data.get("id"), "id", 10 * MAX_ID)
    if not own_id:
        raise BadLine("the id is missing")
    language = _label(data.get("lang"), "lang", 10)
    who = _customer(customer, source, language, len(content))
    staff = data.get("agent")
    if staff is not None and not isinstance(staff, dict):
        raise BadLine("agent is no object")
    agent_name = _label((staff or {}).get("name"), "agent.name", 120)
    said = list(_messages(messages, who.name, agent_name))
    if not any(body for *_, body in said):
        raise BadLine("none of its messages has a text")
    started = _started(data.get("started_at"))
    actions = _actions(data.get("actions"), len(said))
    times = _message_times([offset for _, _, offset, _ in said], started, moment)
    entries: list[PastEntry] = []
    macros: dict[str, str | bool] = {}
    more: dict[str, Any] = {}
    for place in range(len(said) + 1):
        latest = times[place] if place < len(said) else None
        for event, offset in actions.get(place, ()):
            at = _between(entries, started, offset, times[0], latest)
            by_customer = event["name"].startswith("customer_")
            entries.append(
                PastEntry(
                    kind=K.EVENT,
                    audience=A.TEAM,
                    author_kind="customer" if by_customer else "agent",
                    author_name=who.name if by_customer else agent_name,
                    body="",
                    event=event,
                    at=at,
                )
            )
        if place == len(said):
            break
        author, name, _offset, body = said[place]
        if not body:
            continue
        entries.append(
            PastEntry(
                kind=K.MESSAGE if author == "customer" else K.REPLY,
                audience=A.PUBLIC,
                author_kind=author,
                author_name=name,
                body=body,
                event={},
                at=times[place],
            )
        )
        raw = messages[place]
        if raw.get("macro"):
            macros[str(len(entries))] = raw["macro"]
        if unknown := {key: raw[key] for key in raw if key not in _OWN_OF_MESSAGE}:
            more[str(len(entries))] = unknown
    if entries[-1].at > moment:
        raise BadLine("its times lie in the future")
    tags = _tags(data.get("tags"))
    if data.get("status") == "abandoned" and "abandoned" not in tags:
        tags.append("abandoned")
    attributes = {key: value for key, value in data.items() if key not in _OWN}
    if macros:
        attributes["macros"] = macros
    if more:
        attributes["message_attributes"] = more
    return Dialogue(
        line=number,
        external_id=_identity(f"{source}:{own_id}"),
        customer=who,
        issue_type=_label(data.get("issue_type"), "issue_type", 80),
        tags=tags,
        entries=entries,
        attributes=_bounded(attributes, len(content)),
    )


# --- JSON ----------------------------------------------------------------------------------


def _parse(content: bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start + 1}") from None
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadLine("not JSON: nested too deeply") from None
    except BadLine:
        raise
    except ValueError:
        raise BadLine("not JSON: a number is too long") from None
    if not isinstance(data, dict):
        raise BadLine("not a JSON object")
    return _clean(data)


def _no_number(name: str) -> NoReturn:
    raise BadLine(f"not JSON: {name} is no number")


def _clean(value: Any, depth: int = MAX_DEPTH) -> Any:
    """JSON without what PostgreSQL or a screen could choke on."""
    if isinstance(value, str):
        if value.isprintable() and unicodedata.is_normalized("NFC", value):
            return value
        return clean_text(value, limit=2**31)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadLine("a number is too large")
    if not depth and isinstance(value, dict | list):
        raise BadLine("nested too deeply")
    if isinstance(value, dict):
        return {_clean(key): _clean(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    return value


def _bounded(attributes: dict[str, Any], size: int) -> dict[str, Any]:
    """The attributes without those that are too large to be carried about; their names stay."""
    if size <= MAX_ATTRIBUTE:
        return attributes
    large = [key for key, value in attributes.items() if len(json.dumps(value)) > MAX_ATTRIBUTE]
    kept = {key: value for key, value in attributes.items() if key not in large}
    return kept | {"left_out": [key[:80] for key in large]} if large else kept


def _label(value: Any, what: str, limit: int) -> str:
    """A short text on one line; numbers are taken as text. '' for null."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadLine(f"{what} is no text")
    return one_line(str(value), limit=limit)


def _identity(value: str) -> str:
    """An id that fits and stays unlike every other."""
    if len(value) <= MAX_ID:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()
    return f"{value[: MAX_ID - 41]}:{digest[:40]}"


# --- people --------------------------------------------------------------------------------


def _customer(data: dict[str, Any], source: str, language: str, size: int) -> PastCustomer:
    """Known by attributes.external_id, else by name, within the source."""
    name = _label(data.get("name"), "customer.name", 120)
    attributes = data.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise BadLine("customer.attributes is no object")
    known_as = _label(attributes.get("external_id"), "customer.attributes.external_id", 10 * MAX_ID)
    if not known_as and not name:
        raise BadLine("the customer has neither attributes.external_id nor a name")
    more = {key: value for key, value in data.items() if key not in _OWN_OF_CUSTOMER}
    return PastCustomer(
        external_id=_identity(f"{source}:{known_as}" if known_as else f"{source}:name:{name}"),
        name=name,
        language=language,
        attributes=_bounded(attributes | more, size),
    )


# --- what was said and done ----------------------------------------------------------------


def _messages(
    messages: list[Any], customer_name: str, agent_name: str
) -> Iterator[tuple[str, str, float | None, str]]:
    """(author, name, offset, text) of each message; the text of blank ones is ''."""
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict):
            raise BadLine(f"message {number} is no object")
        author = message.get("from")
        if author not in ("customer", "agent"):
            raise BadLine(f"message {number} is neither from the customer nor from an agent")
        text = message.get("text")
        if not isinstance(text, str):
            raise BadLine(f"message {number} has no text")
        if len(text) > MAX_BODY:
            raise BadLine(f"message {number} has {len(text)} characters; {MAX_BODY} are the most")
        name = _label(message.get("name"), f"the name on message {number}", 120)
        macro = message.get("macro")
        if macro is not None and not isinstance(macro, str | bool):
            raise BadLine(f"the macro of message {number} is no text")
        yield (
            author,
            name or (customer_name if author == "customer" else agent_name),
            _offset(message.get("at_offset_s"), f"message {number}"),
            text if text.strip() else "",
        )


def _actions(actions: Any, messages: int) -> dict[int, list[tuple[dict[str, Any], float | None]]]:
    """(event, offset) of each action, by the number of messages before it."""
    if actions is None:
        return {}
    if not isinstance(actions, list):
        raise BadLine("actions is no list")
    found: dict[int, list[tuple[dict[str, Any], float | None]]] = {}
    for number, action in enumerate(actions, 1):
        if not isinstance(action, dict):
            raise BadLine(f"action {number} is no object")
        name = _label(action.get("name"), f"the name of action {number}", 200)
        if not name:
            raise BadLine(f"action {number} has no name")
        after = action.get("after_message", messages)
        if isinstance(after, bool) or not isinstance(after, int):
            raise BadLine(f"after_message of action {number} is no number")
        facts = {key: value for key, value in action.items() if key not in _OWN_OF_ACTION}
        facts = _bounded(facts, MAX_ATTRIBUTE + 1)
        event = facts | {"type": "action", "name": name}
        offset = _offset(action.get("at_offset_s"), f"action {number}")
        found.setdefault(min(max(after, 0), messages), []).append((event, offset))
    return found


def _tags(tags: Any) -> list[str]:
    if tags is None:
        return []
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        raise BadLine(f"tags is no list of at most {MAX_TAGS} texts")
    return list(dict.fromkeys(filter(None, (_label(tag, "a tag", 80) for tag in tags))))


# --- times ---------------------------------------------------------------------------------


def _started(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadLine("started_at is no time")
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadLine("started_at is no time") from None
    if moment < EARLIEST:
        raise BadLine("started_at lies before 1970")
    return moment


def _offset(value: Any, what: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadLine(f"at_offset_s of {what} is no number")
    if not 0 <= value <= LONGEST:
        raise BadLine(f"at_offset_s of {what} is negative or longer than ten years")
    return value


def _message_times(
    offsets: list[float | None], started: datetime | None, moment: datetime
) -> list[datetime]:
    """A time for each message: as told, never before its predecessor's."""
    since: list[timedelta] = []
    for offset in offsets:
        before = since[-1] if since else -STEP
        told = before + STEP if offset is None else timedelta(seconds=offset)
        since.append(max(before, told))
    try:
        # Told no start, it is taken to have ended at the moment of the import.
        begin = started or moment - since[-1]
        return [begin + span for span in since]
    except OverflowError:
        raise BadLine("its times lie in the future") from None


def _between(
    entries: list[PastEntry],
    started: datetime | None,
    offset: float | None,
    first: datetime,
    latest: datetime | None,
) -> datetime:
    """When an action took place: as told, but between the messages that surround it."""
    earliest = entries[-1].at if entries else min(started or first, first)
    at = earliest
    if offset is not None and started is not None:
        at = max(earliest, started + timedelta(seconds=offset))
    return at if latest is None else max(earliest, min(at, latest))
