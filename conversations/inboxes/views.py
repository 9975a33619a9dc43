"""The settings of inboxes, for those who may configure them."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from conversations.inboxes import commands
from conversations.inboxes.colours import read_colour, shades
from conversations.inboxes.forms import InboxForm, NewInboxForm
from conversations.inboxes.models import Inbox
from conversations.modes.floor import floor_everywhere, usual_floors
from helpdesk.core.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from helpdesk.core.text import one_line
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.acts.checks import granted, has_duty, require, require_duty
from permissions.acts.vocabulary import Act, Duty


def _find(agent: Agent, pk: int) -> Inbox:
    """Unseen: NotFound. Seen but forbidden: NotAllowed."""
    found = Inbox.objects.visible_to(agent).filter(pk=pk).first()
    if found is None:
        raise NotFound
    require(agent, Act.CONFIGURE, found)
    return found


@agents_only
@require_GET
def index(request: AgentRequest) -> HttpResponse:
    inboxes = Inbox.objects.visible_to(request.user).filter(
        pk__in=granted(request.user, Act.CONFIGURE)
    )
    if not inboxes and not has_duty(request.user, Duty.ROLES):
        raise NotAllowed
    floors = usual_floors()
    shown = inboxes.prefetch_related("teams").select_related("changed_by").order_by("name")
    context = {
        "inboxes": [(inbox, floors[inbox.pk]) for inbox in shown],
        "may_open": has_duty(request.user, Duty.ROLES),
    }
    return render(request, "conversations/inboxes/index.html", context)


@agents_only
def new(request: AgentRequest) -> HttpResponse:
    """Open an inbox; its own page sets the rest."""
    require_duty(request.user, Duty.ROLES)
    form = NewInboxForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            inbox = commands.open_inbox(actor=request.user, **form.cleaned_data)
            return redirect("inboxes:edit", inbox.pk)
        except Invalid as refused:
            form.add_error(None, str(refused.sentence))
    status = 422 if form.is_bound else 200
    return render(request, "conversations/inboxes/new.html", {"form": form}, status=status)


@agents_only
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    inbox, status, refusal = _find(request.user, pk), 200, None
    form = _form(request, inbox)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                commands.change_inbox(
                    actor=request.user,
                    inbox=inbox,
                    changes=form.changes,
                    teams=form.cleaned_data["teams"],
                    version=form.cleaned_data["version"],
                )
                return redirect(f"{request.path}?saved=1")
            except (Conflict, Invalid) as refused:
                status, refusal = refused.status, refused
    return _page(request, inbox, form, status=status, refusal=refusal)


def _form(request: AgentRequest, inbox: Inbox) -> InboxForm:
    return InboxForm(
        request.POST if request.method == "POST" else None,
        inbox=inbox,
        usual=floor_everywhere(),
        sets_teams=has_duty(request.user, Duty.ROLES),
    )


def _page(
    request: AgentRequest,
    inbox: Inbox,
    form: InboxForm,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
) -> HttpResponse:
    context = {
        "inbox": inbox,
        "form": form,
        "refusal": refusal,
        "saved": "saved" in request.GET,
        "snippet": snippet(request, inbox),
    }
    return render(request, "conversations/inboxes/edit.html", context, status=status)


def snippet(request: HttpRequest, inbox: Inbox) -> str:
    """The line that puts the chat's button on a page."""
    script = request.build_absolute_uri("/widget.js")
    return f'<script src="{script}" data-inbox="{inbox.key}" async></script>'


@agents_only
@require_POST
def renew_secret(request: AgentRequest, pk: int) -> HttpResponse:
    """The new secret is in this one answer and never shown again."""
    inbox = _find(request.user, pk)
    secret = commands.renew_signing_secret(actor=request.user, inbox=inbox)
    response = render(request, "conversations/inboxes/partials/secret.html", {"secret": secret})
    response["Cache-Control"] = "no-store"
    return response


@agents_only
@require_GET
@xframe_options_sameorigin
def preview(request: AgentRequest, pk: int) -> HttpResponse:
    """The button and the chat as they would look, with what is chosen and not saved yet."""
    inbox = _find(request.user, pk)
    context = {"inbox": _as_asked(inbox, request.GET), "query": request.GET.urlencode()}
    response = render(request, "conversations/inboxes/preview.html", context)
    response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    return response


@agents_only
@require_GET
def preview_colours(request: AgentRequest, pk: int) -> HttpResponse:
    inbox = _as_asked(_find(request.user, pk), request.GET)
    context = {"shades": shades(inbox.colour) if inbox.colour else None}
    return render(request, "conversations/intake/colours.css", context, "text/css")


def _as_asked(inbox: Inbox, asked: Any) -> Inbox:
    """The inbox as a form describes it; what makes no sense (yet) is left as it is."""
    if not asked:
        return inbox
    inbox.name = one_line(asked.get("name", "").replace("\0", "")[:80]) or inbox.name
    inbox.greeting = asked.get("greeting", "").replace("\0", "")[:300]
    inbox.greets_visitors = "greets_visitors" in asked
    if asked.get("position") in Inbox.Position.values:
        inbox.position = asked["position"]
    with suppress(Invalid):
        inbox.colour = read_colour(asked.get("colour", "") if "has_colour" in asked else "")
    return inbox
