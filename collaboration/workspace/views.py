"""The agents' workspace over HTTP: pages and their parts for people, JSON for programs.

Unseen is 404, seen but forbidden is the command's 403, badly filled in is 422.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from collaboration.workspace import queries
from conversations.threads import commands
from conversations.threads import queries as threads
from conversations.threads.draw import with_html
from conversations.threads.files import upload_file
from conversations.threads.forms import MessageInput
from conversations.threads.models import Conversation, File
from conversations.threads.serving import file_response
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent


@agents_only
@require_GET
def workspace(request: AgentRequest) -> HttpResponse:
    return _page(request, None)


@agents_only
@require_GET
def conversations(request: AgentRequest) -> HttpResponse:
    """One page of a list: JSON for programs, rows for htmx, the whole workspace for a person."""
    if not wants_json(request) and not request.headers.get("HX-Request"):
        return _page(request, None)
    view = request.GET.get("view", "mine")
    size = read_number(request.GET.get("size"), 50, most=100) or 50
    page = threads.conversation_page(
        request.user, view, cursor=request.GET.get("cursor", ""), size=size
    )
    if wants_json(request):
        rows = [threads.row_json(row) for row in page.rows]
        return JsonResponse({"conversations": rows, "next": page.next or None})
    context = {"page": page, "view": view, "fragment": True}
    return render(request, "collaboration/workspace/partials/rows.html", context)


@agents_only
@require_GET
def counts(request: AgentRequest) -> HttpResponse:
    return JsonResponse({"views": threads.counts(request.user)})


@agents_only
@require_GET
def conversation(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    talk = queries.talk(request.user, pk)
    if wants_json(request):
        body = threads.row_json(talk.conversation) | {
            "entries": [threads.entry_json(entry) for entry in talk.entries]
        }
        return JsonResponse(body)
    if request.headers.get("HX-Request"):
        return render(request, "collaboration/workspace/partials/talk.html", {"talk": talk})
    return _page(request, talk)


def _page(request: AgentRequest, talk: queries.Talk | None) -> HttpResponse:
    view = request.GET.get("view", "mine")
    context = {
        "talk": talk,
        "view": view,
        "page": threads.conversation_page(request.user, view),
        "counts": threads.counts(request.user),
    }
    return render(request, "collaboration/workspace/workspace.html", context)


@agents_only
@require_GET
def parts(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Header and side panel of an open conversation, asked for after somebody's act."""
    return _parts(request, pk)


def _parts(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    talk = queries.talk(request.user, pk)
    return render(request, "collaboration/workspace/partials/parts.html", {"talk": talk})


@agents_only
@require_GET
def row(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = queries.find(request.user, pk)
    context = {"conversation": conversation, "unread": threads.unread(conversation)}
    return render(request, "collaboration/workspace/partials/row.html", context)


@agents_only
@require_GET
def entries(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Entries after (or before) a number; `head` is the last number there is.

    A screen asks with html=1 and gets each entry's HTML too.
    """
    found = Conversation.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None:
        raise NotFound
    limit = read_number(request.GET.get("limit"), threads.PAGE, most=threads.PAGE) or threads.PAGE
    if "before" in request.GET:
        page = threads.entries_before(pk, read_number(request.GET.get("before")), limit)
    else:
        page = list(threads.entries_after(pk, read_number(request.GET.get("after")), limit=limit))
    if request.GET.get("html"):
        shown = with_html(page, translation.get_language() or "en")
    else:
        shown = [threads.entry_json(entry) for entry in page]
    return JsonResponse({"entries": shown, "head": found.last_seq})


# --- acts ----------------------------------------------------------------------------------


def _say(
    command: Callable[..., tuple[Any, bool]],
) -> Callable[..., HttpResponseBase]:
    @agents_only
    @require_POST
    def view(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
        message = MessageInput.read(read_input(request))
        entry, made = command(
            agent=request.user,
            conversation=pk,
            body=message.body,
            client_id=message.client_id,
            seen=message.seen,
            files=message.files,
        )
        return JsonResponse(threads.entry_json(entry), status=201 if made else 200)

    return view


messages = _say(commands.post_reply)
notes = _say(commands.post_note)


def _act(
    command: Callable[..., Conversation],
    read: Callable[[dict[str, Any]], dict[str, Any]] = lambda data: {},
) -> Callable[..., HttpResponseBase]:
    @agents_only
    @require_POST
    def view(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
        arguments = read(read_input(request))
        command(agent=request.user, conversation=pk, **arguments)
        if wants_json(request) or request.content_type == "application/json":
            return JsonResponse(threads.row_json(queries.find(request.user, pk)))
        if request.headers.get("HX-Request"):
            return _parts(request, pk)
        return redirect("workspace:conversation", pk=pk)

    return view


def _read_assignment(data: dict[str, Any]) -> dict[str, Any]:
    to = data.get("to", data.get("agent"))
    arguments: dict[str, Any] = {"to": None}
    if to not in (None, ""):
        found = Agent.objects.filter(pk=read_number(to, most=2**62), is_active=True).first()
        if found is None:
            raise Invalid
        arguments["to"] = found
    if "instead_of" in data:
        seen = data["instead_of"]
        arguments["instead_of"] = None if seen in (None, "") else read_number(seen, most=2**62)
    return arguments


join = _act(commands.join)
leave = _act(commands.leave)
claim = _act(commands.claim)
assign = _act(commands.assign, _read_assignment)
resolve = _act(commands.resolve)
reopen = _act(commands.reopen)


@agents_only
@require_POST
def read(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Remember how far this agent has read."""
    seq = read_number(read_input(request).get("seq"))
    seen = commands.mark_read(agent=request.user, conversation=pk, seq=seq)
    return JsonResponse({"messages": seen})


# --- files ---------------------------------------------------------------------------------


@agents_only
@require_POST
def files(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a file for the agent's next message here: 201 with its id."""
    queries.find(request.user, pk)
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid
    return JsonResponse(
        threads.file_json(upload_file(author=request.user, upload=upload)), status=201
    )


@agents_only
@require_GET
def file(request: AgentRequest, file_id: uuid.UUID) -> FileResponse:
    found = get_object_or_404(File.objects.visible_to(request.user), pk=file_id)
    return file_response(found)
