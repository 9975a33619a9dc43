"""Every address, asked by everybody: a thousand secrets reach those they are for, and nobody else.

Each role, an agent of another team, customers and strangers; sockets have a test of their own in
`tests/collaboration/test_sockets_secrets.py`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import pytest
from django.apps import apps
from django.urls import get_resolver

from collaboration.canned.models import CannedReply
from collaboration.saved.models import SavedView
from conversations.customers.models import CustomerField
from conversations.inboxes.models import Inbox
from conversations.reveals.models import Reveal
from conversations.threads.models import EntryEdit
from permissions.accounts.models import Team
from permissions.roles.models import Role
from tests.conftest import Browser
from tests.planting import TALKS, Planted, plant
from tests.test_urls import addresses

PROGRAM, HTMX = {"accept": "application/json"}, {"hx-request": "true"}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
STRANGER = "a stranger"
PARTIES = (
    ("admin", "supervisor", "auditor", "lin", STRANGER),
    ("senior", "agent", "trainee", "eve", "max"),
)
VARIED = ("/workspace/c", "/workspace/notices", "/approvals", "/chat")
PARTS = tuple(
    f"workspace/conversations/<uuid:pk>/{part}/"
    for part in ("row", "people", "parts", "mergeable", "mentionable", "timeline", "context")
)
POST_ONLY: set[str] = set()  # addresses, found on the way
RECORDS = "/admin/permissions/auditrecord/"


@pytest.fixture
def planted(cast, settings) -> Planted:
    settings.LIMITS = {name: (10_000, seconds) for name, (_, seconds) in settings.LIMITS.items()}
    return plant(cast)


def client_of(planted: Planted, who: str) -> Browser:
    if who in planted.tokens:
        return Browser(headers={"authorization": f"Bearer {planted.tokens[who]}"})
    client = Browser()
    if who in planted.people:
        backend = "permissions.accounts.backends.AgentBackend"
        client.force_login(planted.people[who], backend=backend)
    return client


# --- every address --------------------------------------------------------------------------


def fillings(planted: Planted, address: str, name: str) -> list[str]:
    """What a parameter of an address may stand for: everything there is of that kind."""
    if name == "object_id":
        model = apps.get_model(*address.split("/")[1:3])
        return _pks(model)[-3 if "conversation/" in address else -1 :]
    talks = [str(pk) for pk in planted.conversations.values()]
    by_name = {
        "file_id": list(planted.waiting.values() if "approvals" in address else planted.files),
        "past": talks[:2],
        "key": ["shop", "depot"] if address.startswith("chat/") else ["phone"],
        "app_label": ["permissions", "conversations"],
    }
    if name in by_name:
        return by_name[name]
    by_place = {
        "workspace/conversations/bulk/": talks[:1],
        "workspace/conversations/": talks,
        "workspace/customers/": [str(one.pk) for one in planted.customers.values()],
        "workspace/reveals/": _pks(Reveal),
        "workspace/views/": _pks(SavedView),
        "approvals/": list(planted.waiting),
        "settings/inboxes/": _pks(Inbox)[:1],
        "settings/agents/": [str(planted.cast.amy.pk)],
        "settings/rights/": _pks(Inbox)[:1],
        "settings/teams/": _pks(Team)[:1],
        "settings/roles/": _pks(Role)[:1],
        "settings/canned/": _pks(CannedReply)[:2],
        "settings/customer-fields/": _pks(CustomerField)[-1:],
    }
    return next((found for at, found in by_place.items() if address.startswith(at)), ["1"])


def _pks(model) -> list[str]:  # type: ignore[no-untyped-def]
    return list(map(str, model.objects.order_by("pk").values_list("pk", flat=True)))


def paths(planted: Planted, who: str) -> Iterator[tuple[str, str]]:
    """Every address with everything in it. Chats know no sessions, other pages no tokens: those
    are asked for one thing of each kind by Lin and a stranger."""
    chats = who in planted.tokens
    for address in addresses(get_resolver()):
        own = address.startswith("chat/") == chats
        if address.startswith(("logout", "jsi18n")) or not (own or who in ("lin", STRANGER)):
            continue
        names = [one or other for one, other in PARAMETER.findall(address)]
        pattern = PARAMETER.sub("{}", address).replace("/?", "")
        found = product(*(fillings(planted, address, name) for name in names))
        for filling in found if own and who != STRANGER else islice(found, 1):
            yield address, "/" + pattern.format(*filling)
    for path in searches(planted) if who in planted.people else ():
        yield "", path


def searches(planted: Planted) -> Iterator[str]:
    yield "/workspace/conversations/?view=all"
    yield "/workspace/canned/?q=zq"
    yield "/settings/canned/?q=zq"
    for secret in sorted(planted.secrets.of("value")):
        if secret.isdecimal() and len(secret) == 11:
            yield f"/workspace/customers/?field=phone&value={secret}"
    for pk in planted.conversations.values():
        yield f"/workspace/conversations/{pk}/entries/?after=0&html=1"
        yield f"/workspace/conversations/{pk}/draft/?kind=sensitive"
        yield f"/settings/why/?agent={planted.cast.amy.pk}&conversation={pk}"
    for edit in EntryEdit.objects.select_related("entry"):
        yield f"/workspace/conversations/{edit.entry.conversation_id}/edits/?entry={edit.entry.seq}"
    talk = planted.conversations["max"]
    yield f"{RECORDS}?q={talk}"


def everything(planted: Planted, who: str) -> Iterator[tuple[str, str]]:
    """All that is answered, with its headers; of each page once also what is no page of it."""
    client, asked = client_of(planted, who), {""}
    seen = {str(pk) for talk, pk in planted.conversations.items() if who in TALKS[talk]}
    for address, path in paths(planted, who):
        of_theirs = address.startswith(PARTS) and path.split("/")[3] in seen
        if address in POST_ONLY or (of_theirs and address in asked):
            continue
        answer = client.get(path)
        yield path, text_of(answer)
        assert answer.status_code < 500, path
        if answer.status_code == 405:
            POST_ONLY.add(address)
        if answer.status_code != 200 or address in asked:
            continue
        asked.add(address)
        if path.startswith(VARIED) and "html" in answer["Content-Type"]:
            for headers in (PROGRAM,) if "<" in address else (PROGRAM, HTMX):
                yield path, text_of(client.get(path, headers=headers))
    for form in ("csv", "jsonl"):
        yield f"export {form}", text_of(client.post(f"{RECORDS}export/{form}/"))


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + json.dumps(dict(answer.headers))


def kinds(planted: Planted, secrets: set[str]) -> Counter[str]:
    return Counter(planted.secrets.kind[secret] for secret in secrets)


# --- who finds what -------------------------------------------------------------------------


@pytest.mark.parametrize("people", PARTIES, ids=("overseers", "teams"))
def test_everybody_finds_what_is_for_them_and_nothing_else(planted, people):
    for who in people:
        known, found = planted.secrets.known_to(who), set()
        for path, text in everything(planted, who):
            here = planted.secrets.found_in(text)
            assert here <= known, f"{who} at {path}: {kinds(planted, here - known)}"
            found |= here
        assert found == known, f"{who} lacks {kinds(planted, known - found)}"


def test_values_are_found_by_who_reveals_them_and_by_no_colleague(planted):
    """Also those that were, once they are again, and those a colleague waits to put in."""
    boss, secrets = client_of(planted, "admin"), planted.secrets
    for_somebody = set().union(*(secrets.known_to(who) for people in PARTIES for who in people))
    assert secrets.kind.keys() - for_somebody == secrets.of("value", "old value", "proposed value")
    assert values_on_pages(planted, boss) == set()
    for customer in planted.customers.values():
        asked = {"fields": planted.fields, "reason": "a refund"}
        path = f"/workspace/customers/{customer.pk}/reveal/"
        assert boss.send(path, asked).status_code == 200
    assert values_on_pages(planted, boss) == secrets.of("value", "proposed value")
    for customer, key in product(planted.customers.values(), planted.fields):
        path = f"/workspace/customers/{customer.pk}/fields/{key}/undo/"
        assert boss.send(path, {"version": 2}).status_code == 200
    assert values_on_pages(planted, boss) == secrets.of("old value", "proposed value")
    for who in ("supervisor", "senior", "trainee", "eve"):
        assert values_on_pages(planted, client_of(planted, who)) == set()
    for live in Reveal.objects.live():
        assert boss.send(f"/workspace/reveals/{live.pk}/revoke/").status_code == 200
    assert values_on_pages(planted, boss) == set()


def values_on_pages(planted: Planted, client: Browser) -> set[str]:
    pages = []
    for pk in planted.conversations.values():
        pages += [f"/workspace/conversations/{pk}/{part}/" for part in ("parts", "approvals")]
    for customer in planted.customers.values():
        pages += [f"/workspace/customers/{customer.pk}/{part}" for part in ("", "facts/")]
    found: set[str] = set()
    for path in pages:
        found |= planted.secrets.found_in(client.get(path).content.decode())
    return found & planted.secrets.of("value", "old value", "proposed value")
