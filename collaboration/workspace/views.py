"""The agents' workspace over HTTP: pages and their parts for people, JSON for programs.

Unseen is 404, seen but forbidden is the command's 403, badly filled in is 422.
"""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from collaboration.acts.table import ACTS
from collaboration.approvals import asking
from collaboration.catchup.queries import CatchUp, catch_up
from collaboration.drafts.files import waiting_json
from collaboration.workspace import queries
from collaboration.workspace.list_views import lists_shown
from conversations.threads import commands, drafted
from conversations.threads import queries as threads
from conversations.threads.covering import earlier_texts, for_reader
from conversations.threads.draw import with_html
from conversations.threads.files import record_download, upload_file
from conversations.threads.forms import MessageInput
from conversations.threads.listing import Listing
from conversations.threads.models import Conversation, File
from conversations.threads.moments import zone_of
from conversations.threads.serving import file_response
from conversations.threads.transcripts import transcript_json, transcript_text
from helpdesk.core.refusals import Invalid, NotFound
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.approvals.models import Approval


@agents_only
@require_GET
def workspace(request: AgentRequest) -> HttpResponse:
    return _page(request, None)


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
        context = {"talk": talk, "summary": _missed(request.user, talk)}
        return render(request, "collaboration/workspace/partials/talk.html", context)
    return _page(request, talk)


def _missed(reader: Agent, talk: queries.Talk) -> CatchUp | None:
    """Drawn with the page, so that nothing moves under the reader's eyes."""
    return catch_up(reader, talk.conversation, talk.read)


def _page(request: AgentRequest, talk: queries.Talk | None) -> HttpResponse:
    context = {"talk": talk, **lists_shown(request)}
    if talk:
        context["summary"] = _missed(request.user, talk)
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
    """A conversation's row; nothing (204) if it is not in the list of this address."""
    conversation = queries.find(request.user, pk)
    listed = threads.in_listing(request.user, Listing.read(request.GET)) if request.GET else None
    if listed is not None and not listed.filter(pk=pk).exists():
        return HttpResponse(status=204)
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
    page = for_reader(request.user, found, page)
    if request.GET.get("html"):
        shown = with_html(page, translation.get_language() or "en")
    else:
        shown = [threads.entry_json(entry) for entry in page]
    return JsonResponse({"entries": shown, "head": found.last_seq})


@agents_only
@require_GET
def edits(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """What a message says, and for people what it said before it was edited."""
    found = queries.find(request.user, pk)
    entry = get_object_or_404(found.entries, seq=read_number(request.GET.get("entry")))
    earlier = earlier_texts(request.user, entry)
    if not wants_json(request):
        context = {"edits": earlier}
        return render(request, "collaboration/workspace/partials/edits.html", context)
    (shown,) = for_reader(request.user, found, [entry])
    masked = shown.body != entry.body
    return JsonResponse(
        {"body": shown.body, "masked": masked, "edits": [edit.json() for edit in earlier]}
    )


# --- acts ----------------------------------------------------------------------------------


@agents_only
@require_POST
def notes(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    message = MessageInput.read(read_input(request))
    entry, made = commands.post_note(
        agent=request.user,
        conversation=pk,
        body=message.body,
        client_id=message.client_id,
        seen=message.seen,
        files=message.files,
        sensitive=message.sensitive,
    )
    return JsonResponse(threads.entry_json(entry), status=201 if made else 200)


@agents_only
@require_POST
def messages(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """A reply: 201, or 200 if it was there; 202 if a colleague has to approve it first."""
    message = MessageInput.read(read_input(request))
    if message.sensitive:
        raise Invalid(_("Only a note can be sensitive."))
    done = asking.reply(request.user, pk, message)
    if isinstance(done, Approval):
        return asking.asked(request, done)
    entry, made = done
    return JsonResponse(threads.entry_json(entry), status=201 if made else 200)


def _act(name: str) -> Callable[..., HttpResponseBase]:
    one = ACTS[name]

    @agents_only
    @require_POST
    def view(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
        data = read_input(request)
        arguments = one.read(data, request.user)
        after = _next(request.user, pk, data)
        do = partial(one.command, agent=request.user, conversation=pk, **arguments)
        waits = asking.act(
            name, do, agent=request.user, conversation=pk, arguments=arguments, data=data
        )
        if waits:
            return asking.asked(request, waits)
        if wants_json(request) or request.content_type == "application/json":
            return JsonResponse(threads.row_json(queries.find(request.user, pk)) | after)
        if request.headers.get("HX-Request"):
            return _parts(request, pk)
        return redirect("workspace:conversation", pk=pk)

    return view


def _next(agent: Agent, pk: uuid.UUID, data: dict[str, Any]) -> dict[str, str | None]:
    """The conversation to go on with, asked for with `next_in`: a view, or a list's address."""
    asked = data.get("next_in")
    if not asked:
        return {}
    if not isinstance(asked, str) or len(asked) > 2000:
        raise Invalid
    listing = Listing.read(QueryDict(asked) if "=" in asked else {"view": asked})
    following = threads.next_in(agent, listing, queries.find(agent, pk))
    return {"next": str(following) if following else None}


join = _act("join")
leave = _act("leave")
invite = _act("invite")
claim = _act("claim")
take_over = _act("take-over")
assign = _act("assign")
transfer = _act("transfer")
resolve = _act("resolve")
reopen = _act("reopen")
snooze = _act("snooze")
priority = _act("priority")
tags = _act("tags")
issue_type = _act("issue-type")
mode = _act("mode")
spam = _act("spam")
not_spam = _act("not-spam")
block = _act("block")
unblock = _act("unblock")
merge = _act("merge")
unread = _act("unread")
edit = _act("edit")
recall = _act("recall")


@agents_only
@require_POST
def export(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """The whole transcript as a file; 202 if a colleague has to approve it first."""
    data = read_input(request)
    chosen = data.get("format", "json")
    if chosen not in ("json", "text"):
        raise Invalid(_("JSON and text are possible."))
    do = partial(commands.export, agent=request.user, conversation=pk, format=chosen)
    waits = asking.act("export", do, agent=request.user, conversation=pk, arguments={}, data=data)
    if waits:
        return asking.asked(request, waits)
    found = queries.find(request.user, pk)
    if chosen == "json":
        answer = JsonResponse(transcript_json(request.user, found))
    else:
        zone = zone_of(request.user, data.get("time_zone"))
        text = transcript_text(request.user, found, zone)
        answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    extension = {"json": "json", "text": "txt"}[chosen]
    answer["Content-Disposition"] = f'attachment; filename="conversation-{pk}.{extension}"'
    return answer


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
    """Take a file for the agent's next message here, or, with a `kind`, for the reply or note
    that colleagues write together: 201 with its id."""
    queries.find(request.user, pk)
    upload, kind = request.FILES.get("file"), request.GET.get("kind")
    if upload is None or kind not in (None, *drafted.ACTS):
        raise Invalid
    if kind is None:
        return JsonResponse(
            threads.file_json(upload_file(author=request.user, upload=upload)), status=201
        )
    kept = drafted.attach_file(agent=request.user, conversation=pk, kind=kind, upload=upload)
    return JsonResponse(waiting_json(kept), status=201)


@agents_only
@require_GET
def file(request: AgentRequest, file_id: uuid.UUID) -> FileResponse:
    found = get_object_or_404(File.objects.visible_to(request.user), pk=file_id)
    record_download(agent=request.user, file=found)
    return file_response(found)


# --- what dialogs offer --------------------------------------------------------------------


@agents_only
@require_GET
def people(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """Colleagues and teams to hand a conversation to, asked for when somebody is about to."""
    conversation = queries.find(request.user, pk)
    context = {
        "conversation": conversation,
        "people": queries.people(conversation),
        "teams": queries.teams(conversation),
        "participants": set(
            conversation.participants.filter(left_at=None).values_list("agent_id", flat=True)
        ),
    }
    return render(request, "collaboration/workspace/partials/people.html", context)


@agents_only
@require_GET
def mergeable(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    found = queries.mergeable(request.user, queries.find(request.user, pk))
    return render(request, "collaboration/workspace/partials/mergeable.html", {"found": found})
