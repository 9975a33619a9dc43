"""The published dialogues of shared/data, where they lie beside the project."""

import gzip
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, Max

from conversations.customers.models import Customer
from conversations.threads.models import Conversation
from tests.conftest import Cast

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_of_it_lands_as_it_was_said(cast: Cast, language: str) -> None:
    path = DATA / f"dialogues-{language}-train.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    out = io.StringIO()
    call_command("import_dialogues", path, inbox="shop", stdout=out, verbosity=0)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert f"{len(rows)} imported" in out.getvalue()
    assert " 0 skipped" in out.getvalue()
    people = {(row["source"], row["customer"]["attributes"]["external_id"]) for row in rows}
    assert Customer.objects.exclude(external_id="").count() == len(people)
    uneven = Conversation.objects.annotate(
        found=Count("entries"), last=Max("entries__seq"), public=Max("entries__public_seq")
    )
    for thread in uneven.values_list("last_seq", "found", "last", "last_public_seq", "public"):
        assert thread[0] == thread[1] == thread[2]
        assert thread[3] == thread[4]
    for row in rows[::97]:
        thread = Conversation.objects.get(external_id=f"{row['source']}:{row['id']}")
        said = list(thread.entries.public().order_by("public_seq").values_list("kind", "body"))
        assert said == [
            ("message" if one["from"] == "customer" else "reply", one["text"])
            for one in row["messages"]
            if one["text"].strip()
        ]
        done = thread.entries.filter(kind="event").order_by("seq")
        assert [entry.event["name"] for entry in done] == [
            action["name"] for action in sorted(row.get("actions", []), key=_place)
        ]


def _place(action: dict[str, int]) -> int:
    return action["after_message"]
