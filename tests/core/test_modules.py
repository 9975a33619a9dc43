"""The modules a page asks for at once are exactly those its script imports."""

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
