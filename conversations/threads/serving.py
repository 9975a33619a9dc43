"""Handing out a file: as a download, or inline for an image we wrote ourselves. Never a page."""

from django.http import FileResponse, Http404

from conversations.threads.models import File


def file_response(file: File) -> FileResponse:
    """The bytes of a file whose reader was checked. 404 when they are gone."""
    try:
        stream = file.stored.open("rb")
    except OSError:
        raise Http404 from None
    response = FileResponse(
        stream,
        as_attachment=not file.is_image,
        filename=file.name,
        content_type=file.type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-site"
    return response
