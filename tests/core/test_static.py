"""Static files on their way to a browser."""

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from helpdesk.core.web.static import ModuleStaticFilesStorage


def test_our_scripts_are_collected_without_comments_and_others_as_they_are(tmp_path):
    storage = ModuleStaticFilesStorage(location=str(tmp_path))
    script = b"// why\nexport const a = 1; // because\n"
    for name in ("js/lib/a.js", "vendor/a.js", "css/a.js.css"):
        storage.save(name, ContentFile(script))
    assert (tmp_path / "js/lib/a.js").read_bytes() == b"export const a = 1;\n"
    assert (tmp_path / "vendor/a.js").read_bytes() == script
    assert (tmp_path / "css/a.js.css").read_bytes() == script


def test_only_statements_name_other_modules(tmp_path):
    storage = ModuleStaticFilesStorage(location=str(tmp_path))
    (tmp_path / "js").mkdir()
    (tmp_path / "js/export.js").write_text("export function tendExport() {}\n")
    page = 'import { tendExport } from "./export.js";\ntendExport();\n'
    (tmp_path / "js/page.js").write_text(page)
    copied = FileSystemStorage(location=str(tmp_path))
    paths = {name: (copied, name) for name in ("js/export.js", "js/page.js")}
    named = {name: new for name, new, _done in storage.post_process(paths)}
    other = named["js/export.js"].removeprefix("js/")
    assert storage.open(named["js/page.js"]).read().decode() == page.replace("export.js", other)
