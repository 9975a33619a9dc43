"""The customer's side over HTTP. Everything answers JSON but the page itself and the files."""

import json
import uuid
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversations.customers.values import own_contact
from conversations.inboxes.colours import shades
from conversations.inboxes.models import Inbox
from conversations.inboxes.queries import anyone_available
from conversations.intake import commands, visitors
from conversations.intake.models import CustomerSession
from conversations.intake.queries import listed, own, own_id, read_moment, standing
from conversations.intake.ratings import rate
from conversations.intake.sessions import (
    customer_view,
    find_session,
    known_language,
    language_of,
)
from conversations.intake.statements import IdentityRefused, read_email, read_name
from conversations.threads import queries as threads
from conversations.threads.draw import public_with_html
from conversations.threads.files import upload_file
from conversations.threads.forms import MessageInput, read_uuid
from conversations.threads.models import File
from conversations.threads.serving import file_response
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from helpdesk.core.web.negotiation import read_input, read_number
from helpdesk.core.web.static import without_comments

CONVERSATION = "conversations/intake/partials/conversation.html"


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
            {"inbox": inbox, "language": language, "away": not anyone_available(inbox)},
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
        return JsonResponse(_session_json(found, token))
    page = commands.read_page(data.get("page"))
    site = visitors.read_attributes(data.get("attributes") or {})
    made, token = commands.begin_session(
        inbox=inbox,
        name=one_line(clean_text(data.get("name") or "", limit=200), limit=120),
        language=known_language(data.get("language")) or language_of(request),
        attributes=_filled(page=page, site=_filled(**site), user_agent=_user_agent(request)),
    )
    return JsonResponse(_session_json(made, token), status=201)


@csrf_exempt
@require_POST
def identity(request: HttpRequest, key: str) -> HttpResponse:
    """Who the site says is there: the session to go on with, or why the site is not believed.

    A refusal is an answer like the other, not an error: browsers write errors to the console of a
    page whose visitors cannot help it.
    """
    inbox = get_object_or_404(Inbox, key=key, is_active=True)
    data = read_input(request)
    token = data.get("token") or ""
    try:
        found, new = visitors.identify(
            inbox=inbox,
            statement=data.get("identity"),
            session=find_session(token, key),
            language=known_language(data.get("language")) or language_of(request),
        )
    except IdentityRefused as refused:
        answer = {"accepted": False, "detail": str(refused.sentence)} | refused.facts
        return JsonResponse(answer)
    return JsonResponse({"accepted": True} | _session_json(found, new or token))


def _user_agent(request: HttpRequest) -> str:
    """What the browser says of itself; agents read it in plain words."""
    return one_line(clean_text(request.headers.get("User-Agent", ""), limit=400), limit=300)


def _session_json(session: CustomerSession, token: str) -> dict[str, str]:
    return {"token": token, "conversation": str(session.conversation_id)}


def _filled(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}


@require_POST
@customer_view
def messages(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    message = MessageInput.read(read_input(request))
    entry, made = commands.post_message(
        session=session,
        body=message.body,
        client_id=message.client_id,
        files=message.files,
        conversation_id=_asked_for(request),
    )
    body = public_with_html([entry], language_of(request))[0]
    body["conversation"] = str(entry.conversation_id)  # another one if it went on there
    return JsonResponse(body, status=201 if made else 200)


@require_GET
@customer_view
def entries(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """What came after a public number, at most a page of it; `head` says how far it goes.

    `read` and `seen` say how far the team and the customer have read.
    """
    conversation_id = own_id(session, _asked_for(request))
    after = read_number(request.GET.get("after"))
    limit = read_number(request.GET.get("limit"), threads.PAGE, most=threads.PAGE) or threads.PAGE
    found = list(threads.public_entries_after(conversation_id, after, limit=limit))
    answer = {
        "entries": public_with_html(found, language_of(request)),
        "head": threads.public_head(conversation_id),
        "conversation": str(conversation_id),
    }
    return JsonResponse(answer | standing(conversation_id))


@customer_view
@require_http_methods(["GET", "POST"])
def conversations(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """The customer's conversations; a POST begins another one (201, or 200 if it was begun)."""
    if request.method == "POST":
        session, made = commands.begin_conversation(session=session)
        body = {"conversation": str(session.conversation_id)}
        return JsonResponse(body, status=201 if made else 200)
    rows, following = listed(session, before=read_moment(request.GET.get("before")))
    with translation.override(language_of(request)):
        drawn = [
            row.json() | {"html": render_to_string(CONVERSATION, {"row": row}).strip()}
            for row in rows
        ]
    answer = {
        "conversations": drawn,
        "next": following and following.isoformat(),
        "away": not anyone_available(session.inbox),
        "contact": own_contact(session.customer),
    }
    return JsonResponse(answer)


@require_POST
@customer_view
def seen(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """The customer's screen reports the last number it showed."""
    conversation_id = own_id(session, _asked_for(request))
    seq = read_number(read_input(request).get("seq"))
    commands.mark_seen(session=session, conversation_id=conversation_id, seq=seq)
    return JsonResponse({"seen": seq})


@require_POST
@customer_view
def rating(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    data = read_input(request)
    score = read_number(data.get("score"), most=5)
    if not score:
        raise Invalid(_("Please choose from one to five."))
    rated = rate(
        session=session,
        conversation_id=own_id(session, _asked_for(request)),
        score=score,
        comment=clean_text(data.get("comment") or "", limit=1_000).strip(),
    )
    return JsonResponse({"score": rated.score, "comment": rated.comment})


@require_POST
@customer_view
def contact(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    data = read_input(request)
    customer = visitors.leave_contact(
        session=session,
        name=read_name(data.get("name") or ""),
        email=read_email(data.get("email") or ""),
    )
    return JsonResponse(own_contact(customer))


@require_POST
@customer_view
def attributes(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    told = visitors.read_attributes(read_input(request).get("attributes"))
    customer = visitors.tell_attributes(session=session, attributes=told)
    return JsonResponse({"attributes": customer.attributes.get("site", {})})


def _asked_for(request: HttpRequest) -> uuid.UUID | None:
    """The conversation named in the address; none is the session's current one."""
    asked = request.GET.get("conversation")
    return read_uuid(asked) if asked else None


@require_POST
@customer_view
def files(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """Take a file for the next message: 201 with its id."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid
    commands.refuse_blocked(session.customer)
    kept = upload_file(author=session.customer, upload=upload)
    return JsonResponse(threads.file_json(kept), status=201)


@require_GET
@customer_view
def file(request: HttpRequest, session: CustomerSession, file_id: uuid.UUID) -> FileResponse:
    """A file of the customer's own conversations that is on a public entry."""
    found = get_object_or_404(
        File,
        pk=file_id,
        conversation__in=own(session),
        entry__public_seq__isnull=False,
        entry__recalled_at=None,
    )
    return file_response(found)


@require_GET
@gzip_page
def widget(request: HttpRequest) -> HttpResponse:
    """The script that host pages load: short-lived in caches, so that an update arrives."""
    script = settings.BASE_DIR / "static" / "js" / "widget.js"
    return _for_host_pages(without_comments(script.read_text()))


@require_GET
def look(request: HttpRequest, key: str) -> HttpResponse:
    """How the inbox's button looks, as a script: a host page's policy lets ours in already."""
    inbox = get_object_or_404(Inbox, key=key, is_active=True)
    found = {
        "colours": asdict(shades(inbox.colour)) if inbox.colour else None,
        "position": inbox.position,
        "name": inbox.name,
        "greeting": inbox.greeting if inbox.greets_visitors else "",
    }
    return _for_host_pages(f"Tandem.look({json.dumps(found)});")


@require_GET
@xframe_options_exempt
def colours(request: HttpRequest, key: str) -> HttpResponse:
    """The inbox's colour as the tokens of the chat's page."""
    inbox = get_object_or_404(Inbox, key=key, is_active=True)
    context = {"shades": shades(inbox.colour) if inbox.colour else None}
    response = render(request, "conversations/intake/colours.css", context, "text/css")
    response["Cache-Control"] = "public, max-age=300"
    return response


def _for_host_pages(script: str) -> HttpResponse:
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
