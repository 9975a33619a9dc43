"""The published dialogues of shared/data, where they lie beside the project."""

import gzip
import io
import json
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count, Max

from conversations.customers.models import Customer
from conversations.threads.models import Conversation, Entry
from tests.conftest import Cast

MANY = 1_000  # of each file; all of them take some twenty seconds
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_lands_as_it_was_said(cast: Cast, language: str, tmp_path: Path) -> None:
    whole = DATA / f"dialogues-{language}-train.jsonl.gz"
    if not whole.exists():
        pytest.skip(f"{whole.name} is not beside the project")
    path = tmp_path / "dialogues.jsonl.gz"
    with gzip.open(whole, "rb") as file:
        path.write_bytes(gzip.compress(b"".join(islice(file, MANY))))
    out = io.StringIO()
    call_command("import_dialogues", path, inbox="shop", stdout=out, verbosity=0)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert f"{len(rows)} imported" in out.getvalue()
    assert " 0 skipped" in out.getvalue()
    people = {(row["source"], row["customer"]["attributes"]["external_id"]) for row in rows}
    assert Customer.objects.exclude(external_id="").count() == len(people)
    heads = Conversation.objects.values_list("pk", "last_seq", "last_public_seq")
    found = Entry.objects.values("conversation").annotate(
        count=Count("pk"), last=Max("seq"), public=Max("public_seq")
    )
    numbers = found.values_list("conversation", "count", "last", "public")
    assert {pk: (count, last, public) for pk, count, last, public in numbers} == {
        pk: (last, last, public) for pk, last, public in heads
    }
    for row in rows[::37]:
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
