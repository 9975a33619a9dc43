"""Static files on their way to a browser."""

from django.core.files.base import ContentFile

from helpdesk.core.web.static import ModuleStaticFilesStorage


def test_our_scripts_are_collected_without_comments_and_others_as_they_are(tmp_path):
    storage = ModuleStaticFilesStorage(location=str(tmp_path))
    script = b"// why\nexport const a = 1; // because\n"
    for name in ("js/lib/a.js", "vendor/a.js", "css/a.js.css"):
        storage.save(name, ContentFile(script))
    assert (tmp_path / "js/lib/a.js").read_bytes() == b"export const a = 1;\n"
    assert (tmp_path / "vendor/a.js").read_bytes() == script
    assert (tmp_path / "css/a.js.css").read_bytes() == script
