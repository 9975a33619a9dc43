"""Our scripts on their way to a browser: under immutable names, without comments."""

import re
from typing import Any

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage


def _at_line_starts(patterns: Any) -> Any:
    """Django's patterns for `import` and `export` statements, for statements alone: the end of
    `import { tendExport } from "./export.js"` is none."""
    files, statements = patterns
    dynamic = r"(?P<matched>import\("
    return files, tuple(
        (pattern if pattern.startswith(dynamic) else f"(?m)^{pattern}", template)
        for pattern, template in statements
    )


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Immutable names, also inside `import … from` of our ES modules."""

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = _at_line_starts(
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns
    )
    manifest_strict = False

    def _save(self, name: str, content: File) -> Any:
        if name.startswith("js/") and name.endswith(".js"):
            content.seek(0)  # it was read for the hash in its name
            content = ContentFile(without_comments(content.read().decode()).encode())
        return super()._save(name, content)


# A comment behind the end of a statement. No quote may follow, so it cannot be part of a text.
_BEHIND_CODE = re.compile(r"""(?<=[;{},)\]]) +// [^"'`]*$""")


def without_comments(script: str) -> str:
    """A script of ours without its comments, blank lines and indentation.

    Nothing on a line with a part of a template literal is touched. What a browser runs is the
    very text that was written, line by line.
    """
    kept = []
    in_comment = in_literal = False
    for line in script.splitlines():
        if in_comment:
            in_comment = "*/" not in line
            continue
        if not in_literal:
            line = line.strip()
            if not line or line.startswith("//"):
                continue
            if line.startswith("/*"):
                in_comment = "*/" not in line
                continue
        marks = len(re.findall(r"(?<!\\)`", line))
        if not (in_literal or marks):
            line = _BEHIND_CODE.sub("", line)
        in_literal ^= marks % 2 == 1
        kept.append(line)
    return "\n".join(kept) + "\n"
