"""Fills the product's database and times the list of one agent, in the product's environment.

On stdin one line of JSON, on stdout the times: what → how → rounds → seconds of each repeat.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

SIZE = 51  # rows of a page, and one to know whether there is a next


def fill(job: dict[str, int]) -> Any:
    """Inboxes, customers and conversations, copied in SQL from one row of each."""
    from django.db import connection
    from django.utils import timezone
    from guardian.models import UserObjectPermission

    from conversations.customers.models import Customer
    from conversations.grants.models import Grant
    from conversations.inboxes.models import Inbox
    from conversations.threads.models import Conversation
    from permissions.accounts.models import Agent
    from permissions.acts.checks import give
    from permissions.acts.vocabulary import TEAM_ACTS

    agent = Agent.objects.create(username="measured", name="Measured")
    inboxes = [
        Inbox.objects.create(key=f"rights-{number}", name=f"Inbox {number}")
        for number in range(2 * job["inboxes"])
    ]
    for inbox in inboxes[: job["inboxes"]]:
        give(TEAM_ACTS, agent, inbox)
    now = timezone.now()
    customer = Customer.objects.create(name="Copied")
    one = Conversation.objects.create(
        inbox=inboxes[0], customer=customer, last_activity_at=now, created_at=now
    )
    many = job["conversations"]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # what fills is no request
        _copy(cursor, Customer, customer.pk, many // 10, {"id": "uuidv7()"})
        cursor.execute(
            "CREATE TEMP TABLE people AS SELECT id, row_number() OVER () AS n "
            "FROM conversations_customer"
        )
        cursor.execute("CREATE INDEX ON people (n)")
        _copy(
            cursor,
            Conversation,
            one.pk,
            many,
            {
                "id": "uuidv7()",
                "inbox_id": f"({[inbox.pk for inbox in inboxes]}::int[])"
                f"[1 + floor(random() * {len(inboxes)})::int]".replace("([", "(ARRAY["),
                "customer_id": f"(SELECT id FROM people WHERE n = 1 + mod(i, {many // 10}))",
                "status": "CASE WHEN mod(i, 2) = 0 THEN 'open' ELSE 'resolved' END",
                "resolved_at": "CASE WHEN mod(i, 2) = 0 THEN NULL ELSE now() END",
                "last_activity_at": "now() - i * interval '1 second'",
            },
        )
        unseen = [inbox.pk for inbox in inboxes[job["inboxes"] :]]
        cursor.execute(
            f"INSERT INTO {Grant._meta.db_table} (agent_id, act, conversation_id, reason) "
            "SELECT %s, 'view_conversations', id, 'why' FROM conversations_conversation "
            "WHERE inbox_id = ANY(%s) ORDER BY random() LIMIT %s",
            [agent.pk, unseen, job["exceptions"]],
        )
        permission, kind = _view_permission()
        cursor.execute(
            f"INSERT INTO {UserObjectPermission._meta.db_table} "
            "(permission_id, content_type_id, object_pk, user_id) "
            "SELECT %s, %s, id::text, %s FROM conversations_conversation c "
            "WHERE inbox_id = ANY(%s) OR EXISTS (SELECT FROM conversations_grant g "
            "WHERE g.conversation_id = c.id)",
            [permission, kind, agent.pk, [inbox.pk for inbox in inboxes[: job["inboxes"]]]],
        )
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    Agent.objects.filter(pk=agent.pk).update(authz_version=2)
    return Agent.objects.get(pk=agent.pk)


def _copy(cursor: Any, model: Any, pk: Any, many: int, other: dict[str, str]) -> None:
    columns = [f.column for f in model._meta.concrete_fields if not f.generated]
    values = ", ".join(other.get(column, f'r."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} "
        f"FROM {table} r, generate_series(1, %s) i WHERE r.id = %s",
        [many, pk],
    )


def _view_permission() -> tuple[int, int]:
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType

    from conversations.threads.models import Conversation

    kind = ContentType.objects.get_for_model(Conversation)
    return Permission.objects.get(content_type=kind, codename="view_conversation").pk, kind.pk


HAND = """
SELECT c.*, u.name, b.key, b.name, a.username, a.name, t.name, m.messages
FROM conversations_conversation c
JOIN conversations_customer u ON u.id = c.customer_id
JOIN conversations_inbox b ON b.id = c.inbox_id
LEFT JOIN permissions_agent a ON a.id = c.assignee_id
LEFT JOIN permissions_team t ON t.id = c.team_id
LEFT JOIN conversations_readmark m ON m.conversation_id = c.id AND m.agent_id = %(agent)s
WHERE NOT c.status = 'resolved' AND (c.inbox_id = ANY(%(inboxes)s) OR (
  SELECT true FROM conversations_grant g
  WHERE g.agent_id = %(agent)s AND g.act = 'view_conversations' AND g.conversation_id = c.id
    AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now()) LIMIT 1))
ORDER BY c.last_activity_at DESC, c.id DESC LIMIT %(size)s
"""
HAND_COUNT = """
SELECT (
  SELECT count(*) FROM conversations_conversation c
  WHERE NOT c.status = 'resolved' AND c.inbox_id = ANY(%(inboxes)s)
) + (
  SELECT count(*) FROM conversations_conversation c
  WHERE NOT c.status = 'resolved' AND c.inbox_id <> ALL(%(inboxes)s) AND c.id = ANY(ARRAY(
    SELECT g.conversation_id FROM conversations_grant g
    WHERE g.agent_id = %(agent)s AND g.act = 'view_conversations' AND g.conversation_id IS NOT NULL
      AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now())))
)
"""


def ways(agent: Any) -> dict[str, dict[str, Callable[[], Any]]]:
    """What is timed, and how it is asked: each returns what it found."""
    from django.db import connection
    from django.db.models import Count
    from django.test import Client
    from guardian.shortcuts import get_objects_for_user  # noqa: TID251 what we compare with

    from conversations.threads import queries
    from conversations.threads.list_rows import put_beside
    from conversations.threads.listing import COUNTED, Listing, Reader
    from conversations.threads.models import Conversation
    from permissions.acts.checks import seen

    listing = Listing(view="all")
    values = {"agent": agent.pk, "inboxes": list(seen(agent)), "size": SIZE}
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(agent, "permissions.accounts.backends.AgentBackend")

    def rows(found: Any) -> list[Any]:
        page = list(found.order_by(*queries.ORDER)[:SIZE])
        return [row.pk for row in put_beside(page, agent)]

    def unpermitted() -> Any:
        return Conversation.objects.filter(listing.where(Reader(agent)).q)

    def per_conversation() -> Any:
        wide = Conversation.objects.filter(listing.where(Reader(agent)).q)
        return get_objects_for_user(agent, "conversations.view_conversation", wide)

    def by_hand() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(HAND, values)
            return [row[0] for row in cursor.fetchall()]

    def count_by_hand() -> int:
        with connection.cursor() as cursor:
            cursor.execute(HAND_COUNT, values)
            return int(cursor.fetchone()[0])

    def counts_unpermitted() -> int:
        wheres = {view: Listing(view=view).where(Reader(agent)).q for view in COUNTED}
        counts = {f"of_{view}": Count("pk", filter=where) for view, where in wheres.items()}
        return int(Conversation.objects.unresolved().aggregate(**counts)["of_all"])

    def page() -> list[Any]:
        answer = client.get(
            "/workspace/conversations/?view=all", headers={"accept": "application/json"}
        )
        return [row["id"] for row in answer.json()["conversations"]]

    return {
        "first page": {
            "bare": lambda: rows(unpermitted()),
            "product": lambda: rows(queries.in_listing(agent, listing)),
            "hand": by_hand,
            "guardian": lambda: rows(per_conversation()),
            "page": page,
        },
        "count": {
            "bare": lambda: unpermitted().count(),
            "product": lambda: queries.count_in(agent, listing),
            "hand": count_by_hand,
            "guardian": lambda: per_conversation().count(),
        },
        "all counts of the screen": {
            "bare": counts_unpermitted,
            "product": lambda: queries.counts(agent)["all"],
        },
    }


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    sys.path.insert(0, str(Path.cwd()))
    job = json.loads(sys.stdin.readline())
    django.setup()
    asked = ways(fill(job))
    equal = all(
        len({str(by[name]()) for name in ("product", "hand", "guardian") if name in by}) == 1
        for by in asked.values()
    )  # and everything is warm
    times: dict[str, Any] = {what: {name: [] for name in by} for what, by in asked.items()}
    for number in range(job["rounds"]):
        print(f"round {number + 1}", file=sys.stderr, flush=True)
        for what, by in asked.items():
            names = list(by) if number % 2 == 0 else list(by)[::-1]
            for name in names:
                by[name]()  # what the one before took the memory for is read again
                repeats = job["repeats"] if what == "first page" else max(2, job["repeats"] // 10)
                times[what][name].append([_time(by[name]) for _ in range(repeats)])
    print(json.dumps({"times": times, "equal": equal}))


def _time(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
