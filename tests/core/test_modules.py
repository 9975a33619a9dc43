"""The modules a page asks for at once are exactly those its script imports; the editor is one."""

import hashlib

from django.conf import settings
from django.contrib.staticfiles import finders

from helpdesk.core.web.modules import imported_by


def test_all_modules_are_found_through_others():
    found = imported_by("js/workspace.js")
    assert "js/workspace/offers.js" in found  # … of the composer of a talk
    assert "js/lib/dom.js" in found
    assert "js/workspace.js" not in found
    assert len(set(found)) == len(found)
    assert all(finders.find(name) for name in found)


def test_a_script_that_is_not_there_imports_nothing():
    assert imported_by("js/nothing.js") == ()


def test_the_editors_bundle_is_made_from_what_is_there():
    source = settings.BASE_DIR / "collaboration/drafts/editor"
    parts = (source / name for name in ("editor.js", "package-lock.json"))
    made_from = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    with (settings.BASE_DIR / "static/vendor/editor.js").open() as bundle:
        assert made_from in bundle.readline(), "run `make editor`"
