"""How moments are shown."""

import re

from django.conf import settings

BARE = re.compile(r"<time (?![^>]*data-show)")
# Below a line that names the day, the clock says it all; the style guide draws such a part.
WITH_A_DAY_ABOVE = {
    "conversations/intake/partials/entry.html",
    "conversations/threads/partials/entry.html",
    "demo/styleguide/talk.html",
}


def test_only_a_conversation_shows_a_bare_clock():
    folder = settings.BASE_DIR / "templates"
    bare = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if BARE.search(path.read_text(encoding="utf-8"))
    }
    assert bare == WITH_A_DAY_ABOVE
