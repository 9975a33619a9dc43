"""The customer's side over HTTP. Everything answers JSON but the page itself and the files."""

import uuid

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST

from conversations.inboxes.models import Inbox
from conversations.intake import commands
from conversations.intake.models import CustomerSession
from conversations.intake.sessions import (
    customer_view,
    find_session,
    known_language,
    language_of,
)
from conversations.threads import queries
from conversations.threads.draw import public_with_html
from conversations.threads.files import upload_file
from conversations.threads.forms import MessageInput
from conversations.threads.models import File
from conversations.threads.serving import file_response
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from helpdesk.core.web.negotiation import read_input, read_number


@require_GET
@xframe_options_exempt
def chat(request: HttpRequest, key: str) -> HttpResponse:
    """The hosted page, also shown inside the widget's frame."""
    inbox = get_object_or_404(Inbox, key=key, is_active=True)
    language = language_of(request)
    with translation.override(language):
        response = render(
            request,
            "conversations/intake/chat.html",
            {"inbox": inbox, "language": language},
        )
    # Who may show the chat in a frame: the inbox's sites, else any.
    response._csp_replace = {"frame-ancestors": inbox.sites or ["*"]}  # type: ignore[attr-defined]
    return response


@csrf_exempt
@require_POST
def session(request: HttpRequest, key: str) -> HttpResponse:
    """Begin a session (201), or take up the one whose token is sent along (200)."""
    inbox = get_object_or_404(Inbox, key=key, is_active=True)
    data = read_input(request)
    token = data.get("token")
    if token and (found := find_session(token, key)):
        return JsonResponse({"token": token, "conversation": str(found.conversation_id)})
    page = commands.read_page(data.get("page"))
    made, token = commands.begin_session(
        inbox=inbox,
        name=one_line(clean_text(data.get("name") or "", limit=200), limit=120),
        language=known_language(data.get("language")) or language_of(request),
        attributes={"page": page} if page else {},
    )
    body = {"token": token, "conversation": str(made.conversation_id)}
    return JsonResponse(body, status=201)


@require_POST
@customer_view
def messages(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    message = MessageInput.read(read_input(request))
    entry, made = commands.post_message(
        session=session,
        body=message.body,
        client_id=message.client_id,
        files=message.files,
    )
    body = public_with_html([entry], language_of(request))[0]
    return JsonResponse(body, status=201 if made else 200)


@require_GET
@customer_view
def entries(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """What came after a public number, at most a page of it; `head` says how far it goes."""
    after = read_number(request.GET.get("after"))
    limit = read_number(request.GET.get("limit"), queries.PAGE, most=queries.PAGE) or queries.PAGE
    found = list(queries.public_entries_after(session.conversation_id, after, limit=limit))
    head = queries.public_head(session.conversation_id)
    return JsonResponse({"entries": public_with_html(found, language_of(request)), "head": head})


@require_POST
@customer_view
def files(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """Take a file for the next message: 201 with its id."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid
    kept = upload_file(author=session.customer, upload=upload)
    return JsonResponse(queries.file_json(kept), status=201)


@require_GET
@customer_view
def file(request: HttpRequest, session: CustomerSession, file_id: uuid.UUID) -> FileResponse:
    """A file of the customer's own conversation that is on a public entry."""
    found = get_object_or_404(
        File,
        pk=file_id,
        conversation=session.conversation_id,
        entry__public_seq__isnull=False,
    )
    return file_response(found)


@require_GET
@gzip_page
def widget(request: HttpRequest) -> HttpResponse:
    """The script that host pages load: short-lived in caches, so that an update arrives."""
    path = settings.BASE_DIR / "static" / "js" / "widget.js"
    response = HttpResponse(path.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
