"""Where one is signed in; for administrators, where everybody is."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from helpdesk.core.refusals import NotAllowed
from helpdesk.core.web.back import redirect_back
from permissions.accounts import session_commands
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent
from permissions.accounts.sessions import SignIn, sign_ins_of
from permissions.acts.checks import has_duty, require_duty
from permissions.acts.vocabulary import Duty

PAGE = 50


@agents_only
@require_GET
def own(request: AgentRequest) -> HttpResponse:
    """The agent's own sign-ins."""
    context = {"sign_ins": sign_ins_of(request.user), "here": request.session.session_key}
    return render(request, "permissions/accounts/sign_ins.html", context)


@agents_only
@require_GET
def everybody(request: AgentRequest) -> HttpResponse:
    """All sign-ins, the latest first; `?who=` finds an agent's."""
    require_duty(request.user, Duty.SECURITY)
    found = SignIn.objects.standing().select_related("agent__second_factor")
    who = request.GET.get("who", "")[:80].replace("\x00", "").strip()
    if who:
        found = found.filter(agent__username__iexact=who) | found.filter(agent__name__icontains=who)
    if (before := request.GET.get("before", "")).isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    rows = list(found.order_by("-pk")[: PAGE + 1])
    context = {
        "sign_ins": rows[:PAGE],
        "more": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "here": request.session.session_key,
        "who": who,
        "person": _person(who),
    }
    return render(request, "permissions/accounts/all_sign_ins.html", context)


def _person(who: str) -> Agent | None:
    """The one agent whose name was typed in full."""
    found = Agent.objects.select_related("second_factor").filter(username__iexact=who)
    return found.first() if who else None


@agents_only
@require_POST
def end(request: AgentRequest, pk: int) -> HttpResponse:
    """End one sign-in: one's own, or with the duty anybody's."""
    mine = SignIn.objects.select_related("agent")
    if not has_duty(request.user, Duty.SECURITY):
        mine = mine.filter(agent=request.user)
    session_commands.end_sign_in(actor=request.user, sign_in=get_object_or_404(mine, pk=pk))
    return redirect_back(request, otherwise="accounts:sign-ins-own")


@agents_only
@require_POST
def end_all(request: AgentRequest) -> HttpResponse:
    """Sign out everywhere but here; an administrator may do it for anybody."""
    agent, key = request.user, request.session.session_key or ""
    other = request.POST.get("agent", "")
    if other and other != str(agent.pk):
        if not has_duty(request.user, Duty.SECURITY):
            raise NotAllowed
        number = int(other) if other.isdecimal() and len(other) < 19 else 0
        agent, key = get_object_or_404(Agent, pk=number), ""
    session_commands.end_sign_ins(actor=request.user, agent=agent, except_key=key)
    return redirect_back(request, otherwise="accounts:sign-ins-own")
