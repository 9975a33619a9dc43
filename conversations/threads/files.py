"""Files people attach: what is taken, how it is checked, where it is kept.

A file is recognised by its first bytes, never by its name. Images are decoded and written anew, so
nothing hides behind their pixels and no position is told. Nothing is ever served as a page.
"""

import hashlib
import io
import os
import secrets
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import BinaryIO

import filetype
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from conversations.customers.models import Customer
from conversations.threads.models import File
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Invalid, StorageFull, TooLarge
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.audit.models import AuditRecord

Image.MAX_IMAGE_PIXELS = 40_000_000
IMAGES = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP"}
MOVING = {"gif"}  # written anew they would stand still; checked, then kept as they came
BINARY = {"pdf", "docx", "xlsx", "pptx", "zip", "mp3", "mp4"}
TEXT = {"txt": "text/plain", "csv": "text/csv"}
SORTS = _("Images, PDF, text, Office documents, zip, mp3 and mp4 are taken.")


def file_name(raw: str) -> str:
    """A name without paths, controls or tricks; the extension stays."""
    name = os.path.basename(raw.replace("\\", "/"))
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name[:150] or "file"
    return f"{stem[:150] or 'file'}.{extension[:10]}"


def _sort(upload: UploadedFile, name: str) -> tuple[str, str]:
    """(extension, type) by content. Raises Invalid for what is not on the list."""
    head = upload.read(8192)
    upload.seek(0)
    extension = name.rpartition(".")[2].lower()
    extension = {"jpeg": "jpg", "htm": "html", "text": "txt", "log": "txt"}.get(
        extension, extension
    )
    kind = filetype.guess(head)
    if kind is not None:
        found = kind.extension
        # Office documents are zip files; the extension says which, the bytes must be a zip's.
        if found == "zip" and extension in {"docx", "xlsx", "pptx"}:
            found = extension
        if found != extension and not {found, extension} <= {"mp4", "m4v"}:
            raise Invalid(_("The content of this file is not what its name says."))
        if found in IMAGES or found in BINARY:
            return found, kind.mime if found == kind.extension else OFFICE[found]
        raise Invalid(_("This sort of file is not taken. %(sorts)s") % {"sorts": SORTS})
    if extension in TEXT and b"\0" not in head:
        return extension, TEXT[extension]
    raise Invalid(_("This sort of file is not taken. %(sorts)s") % {"sorts": SORTS})


OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def _image(upload: BinaryIO, extension: str) -> tuple[bytes, int, int]:
    """The image decoded and written anew: (bytes, width, height). Raises Invalid."""
    raw = upload.read()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw), formats=[IMAGES[extension]])
            image.load()
            if extension in MOVING:
                return raw, *image.size
            image = ImageOps.exif_transpose(image)
            if extension == "jpg" and image.mode not in ("RGB", "L"):
                image = image.convert("RGB")
            out = io.BytesIO()
            image.save(out, IMAGES[extension], quality=90)
            return out.getvalue(), *image.size
    except Exception:  # its decoders fail at damaged bytes in ways of their own
        raise Invalid(_("This image is damaged or too large.")) from None


def upload_file(*, author: Agent | Customer, upload: UploadedFile) -> File:
    """Keep a file until its message is sent. Raises Invalid, TooLarge or StorageFull."""
    with stored(upload) as file, command("file.upload", actor=author, on=None) as step:
        return add(step, file, author)


def add(step: Step, file: File, author: Agent | Customer) -> File:
    """Make a row of a file whose bytes are stored."""
    if isinstance(author, Agent):
        file.agent = author
    else:
        file.customer = author
    spend("agent uploads" if file.agent else "customer uploads", author.pk)
    file.save(force_insert=True)
    step.on = file
    return file


@contextmanager
def stored(upload: UploadedFile) -> Iterator[File]:
    """A file whose bytes are checked and stored. If it does not become a row, they go again."""
    if (upload.size or 0) > settings.MAX_FILE_BYTES:
        raise TooLarge(_("A file may have at most 25 MB."))
    if not upload.size:
        raise Invalid(_("This file is empty."))
    name = file_name(upload.name or "")
    extension, kind = _sort(upload, name)
    width = height = None
    content: bytes | UploadedFile = upload
    if extension in IMAGES:
        content, width, height = _image(upload, extension)  # type: ignore[arg-type]
    digest = hashlib.sha256()
    place = f"{secrets.token_hex(1)}/{secrets.token_hex(20)}"
    file = ContentFile(content) if isinstance(content, bytes) else content
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    try:
        place = default_storage.save(place, file)
    except OSError as error:
        raise StorageFull from error
    try:
        yield File(
            name=name,
            type=kind,
            size=len(content) if isinstance(content, bytes) else upload.size,
            width=width,
            height=height,
            sha256=digest.hexdigest(),
            stored=place,
        )
    except BaseException:
        default_storage.delete(place)
        raise


def record_download(*, agent: Agent, file: File) -> None:
    """Somebody takes a file: recorded before the first byte. A picture once an hour and agent,
    because a transcript shows it again and again."""
    if file.is_image and _was_shown(agent, file):
        return
    with command("file.download", actor=agent, on=file):
        pass


def _was_shown(agent: Agent, file: File) -> bool:
    kept = AuditRecord.objects.filter(object_kind="file", object_id=str(file.pk))
    kept = kept.filter(verb="file.download", actor_id=str(agent.pk))
    return kept.filter(at__gt=Now() - timedelta(hours=1)).exists()
