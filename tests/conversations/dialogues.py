"""Past conversations to import, and a desk that imports them."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

from conversations.threads.models import Conversation


def dialogue(id: Any = "1", **changes: Any) -> dict[str, Any]:
    """Lin bought a kettle, two years ago."""
    made = {
        "id": id,
        "source": "old desk",
        "lang": "en",
        "channel": "web",
        "started_at": "2024-05-18T20:22:30Z",
        "customer": {"name": "Lin", "attributes": {"external_id": "lin-7", "level": "gold"}},
        "agent": {"name": "Amy", "external_id": "a-1"},
        "issue_type": "delivery",
        "tags": ["kettle", "late"],
        "status": "closed",
        "messages": [
            {"from": "customer", "at_offset_s": 0, "text": "Where is my kettle?"},
            {"from": "agent", "at_offset_s": 79, "text": "On its way.", "macro": "on_its_way"},
            {"from": "customer", "at_offset_s": 90, "text": "Thanks"},
        ],
        "actions": [
            {
                "name": "track",
                "after_message": 1,
                "at_offset_s": 60,
                "request": {"order": 7},
                "response": None,
            }
        ],
        "survey": [{"q": "Happy?", "a": True}],
        "weather": "rain",
    }
    return {key: value for key, value in (made | changes).items() if value is not ...}


class Desk:
    """Writes files and imports them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dialogues.jsonl"
        self.reports = ""

    def write(self, *rows: dict[str, Any] | bytes) -> Path:
        content = b"".join(
            (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
        )
        self.path.write_bytes(content)
        return self.path

    def run(self, *rows: dict[str, Any] | bytes, **options: Any) -> dict[str, float]:
        """Import the rows (or the file as it is); returns the figures of the last line."""
        if rows:
            self.write(*rows)
        out = io.StringIO()
        call_command(
            "import_dialogues", self.path, inbox="shop", stdout=out, verbosity=0, **options
        )
        return figures(out.getvalue())


def figures(text: str) -> dict[str, float]:
    words = text.strip().splitlines()[-1].replace("(", "").replace(")", "").replace(",", "")
    parts = words.replace("already there", "known").replace("per second", "rate").split()
    return {name: float(number) for number, name in zip(parts[::2], parts[1::2], strict=True)}


def only() -> Conversation:
    return Conversation.objects.exclude(external_id="").get()
