"""The settings pages of rights: the matrix of an inbox, why somebody may, exceptions."""

import re
import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from conversations.customers.models import Customer
from conversations.grants import commands, matrix
from conversations.grants.forms import GiveForm
from conversations.grants.models import Grant
from conversations.grants.why import Thing, held, why
from conversations.inboxes.models import Inbox
from conversations.threads.models import Conversation
from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.accounts.people_views import done
from permissions.acts.checks import has_duty, require_duty
from permissions.acts.shown import fingerprint
from permissions.acts.vocabulary import ACT_GROUPS, SCOPES, Act, Duty
from permissions.roles.models import ADMIN
from permissions.roles.wording import shown_group, told

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)


def may_ask_why(agent: Agent) -> bool:
    return has_duty(agent, Duty.ROLES) or has_duty(agent, Duty.ACCESS)


# --- the matrix ----------------------------------------------------------------------------


@agents_only
@require_GET
def inboxes(request: AgentRequest) -> HttpResponse:
    """The matrix of the first inbox: from there one changes to the others."""
    require_duty(request.user, Duty.ROLES)
    first = Inbox.objects.order_by("name", "pk").first()
    if first is None:
        return render(request, "conversations/grants/no_inbox.html")
    return redirect("rights:matrix", pk=first.pk)


@agents_only
def rights(request: AgentRequest, pk: int) -> HttpResponse:
    """Roles and teams beside each other, and what each may do in the inbox."""
    require_duty(request.user, Duty.ROLES)
    inbox = get_object_or_404(Inbox, pk=pk)
    status, error, held = 200, "", matrix.rights_on(inbox)
    groups = matrix.holders()
    if request.method == "POST":
        wanted = {group: _wanted(request, group) for group in groups if not _is_admin(group)}
        try:
            matrix.set_rights(
                actor=request.user,
                inbox=inbox,
                rights=wanted,
                shown=request.POST.get("shown", ""),
            )
            return redirect(f"{reverse('rights:matrix', args=[pk])}?saved=1")
        except (Conflict, NotAllowed) as refusal:
            status, error = refusal.status, str(refusal.sentence)
            held |= {group.pk: {act.value for act in acts} for group, acts in wanted.items()}
    context = {
        "inbox": inbox,
        "inboxes": Inbox.objects.order_by("name", "pk"),
        "holders": [_column(group) for group in groups],
        "scopes": [_scope_row(groups, held)],
        "groups": [
            (name, [(act, _cells(groups, held, act)) for act in acts]) for name, acts in ACT_GROUPS
        ],
        "choices": SCOPES,
        "shown": request.POST.get("shown") or fingerprint(matrix.state_of(inbox)),
        "error": error,
        "history": told(inbox),
    }
    return render(request, "conversations/grants/matrix.html", context, status=status)


def _is_admin(group: Group) -> bool:
    return hasattr(group, "role") and group.role.key == ADMIN


def _column(group: Group) -> dict[str, Any]:
    return {"name": shown_group(group.name), "is_team": hasattr(group, "team")}


def _scope_row(groups: list[Group], held: dict[int, set[str]]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"scope-{group.pk}",
            "holder": shown_group(group.name),
            "value": next((a.value for a in SCOPES if a.value in held.get(group.pk, ())), ""),
            "fixed": _is_admin(group),
        }
        for group in groups
    ]


def _cells(groups: list[Group], held: dict[int, set[str]], act: Act) -> list[dict[str, Any]]:
    return [
        {
            "name": f"acts-{group.pk}",
            "holder": shown_group(group.name),
            "checked": act.value in held.get(group.pk, ()),
            "fixed": _is_admin(group),
        }
        for group in groups
    ]


def _wanted(request: AgentRequest, group: Group) -> set[Act]:
    given = {*request.POST.getlist(f"acts-{group.pk}"), request.POST.get(f"scope-{group.pk}", "")}
    return {Act(act) for act in given if act in Act.values}


# --- why may they? -------------------------------------------------------------------------


@agents_only
@require_GET
def asked(request: AgentRequest) -> HttpResponse:
    """For an agent and a thing: each right, and the rules that give or deny it."""
    thing = _thing(request)
    gives = isinstance(thing, Conversation | Customer) and Act.GRANT in held(request.user, thing)
    if not gives and not may_ask_why(request.user):
        raise NotAllowed
    agent = _agent(request.GET.get("agent", ""))
    return _page(request, agent, thing, GiveForm(initial={"to": agent}))


def _page(
    request: AgentRequest,
    agent: Agent | None,
    thing: Thing | None,
    form: GiveForm,
    status: int = 200,
) -> HttpResponse:
    single = thing if isinstance(thing, Conversation | Customer) else None
    asks_all = may_ask_why(request.user)
    verdicts: list[Any] = []
    # The rules about a customer name inboxes in which the asker may see nothing of them.
    if agent and thing and (asks_all or not isinstance(thing, Customer)):
        verdicts = why(agent, thing)
    context = {
        "agents": Agent.objects.order_by("-is_active", "name"),
        "inboxes": Inbox.objects.order_by("name") if asks_all else [],
        "agent": agent,
        "thing": thing,
        "kind": thing._meta.model_name if thing else "",
        "verdicts": verdicts,
        "grants": _grants_on(single) if single else [],
        "form": form if single and Act.GRANT in held(request.user, single) else None,
    }
    return render(request, "conversations/grants/why.html", context, status=status)


@agents_only
@require_POST
def give(request: AgentRequest) -> HttpResponse:
    """Give a colleague rights on one conversation or customer."""
    thing = _thing(request)
    if not isinstance(thing, Conversation | Customer):
        raise Http404
    form = GiveForm(request.POST)
    status = done(form, lambda: commands.give_access(agent=request.user, on=thing, **form.wanted))
    agent = form.cleaned_data.get("to") if form.is_bound and hasattr(form, "cleaned_data") else None
    if status != 200:
        return _page(request, agent, thing, form, status)
    query = f"?agent={agent.pk}&{thing._meta.model_name}={thing.pk}" if agent else ""
    return redirect(reverse("rights:why") + query)


@agents_only
@require_POST
def revoke(request: AgentRequest, pk: int) -> HttpResponse:
    grant = commands.revoke_access(agent=request.user, grant=pk)
    thing = "customer" if grant.customer_id else "conversation"
    on = grant.customer_id or grant.conversation_id
    return redirect(f"{reverse('rights:why')}?agent={grant.agent_id}&{thing}={on}")


def _grants_on(thing: Conversation | Customer) -> Any:
    on = Q(customer=thing.pk)
    if isinstance(thing, Conversation):
        on = Q(conversation=thing.pk) | Q(customer=thing.customer_id)
    found = Grant.objects.live().filter(on).select_related("agent", "given_by")
    return list(found.order_by("agent__name", "act")[:200])


def _agent(value: str) -> Agent | None:
    return Agent.objects.filter(pk=int(value[:18])).first() if value.isdecimal() else None


def _thing(request: AgentRequest) -> Thing | None:
    """What is asked about: `inbox`, `conversation` or `customer`, or an address pasted as `of`.

    Raises Http404 for a conversation or customer that the asker does not see.
    """
    data = request.POST if request.method == "POST" else request.GET
    if (inbox := data.get("inbox", "")) and inbox.isdecimal():
        return get_object_or_404(Inbox, pk=int(inbox[:18]))
    pasted = UUID.search(data.get("of", "")[:300])
    found = data.get("conversation") or data.get("customer") or (pasted and pasted.group())
    if not found:
        return None
    try:
        pk = uuid.UUID(found)
    except ValueError:
        raise Http404(_("There is no such thing here.")) from None
    if not data.get("customer"):
        seen = Conversation.objects.visible_to(request.user).select_related("inbox", "customer")
        if row := seen.filter(pk=pk).first():
            return row
    return get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
