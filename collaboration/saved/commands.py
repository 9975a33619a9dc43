"""Keeping lists under a name. Only the owner changes or removes one."""

from django.utils.translation import gettext_lazy as _

from collaboration.saved.models import SavedView
from conversations.threads.listing import Listing
from helpdesk.core.refusals import Conflict, NotAllowed, NotFound, TooMany
from permissions.accounts.models import Agent, Team
from permissions.acts.command import command

MOST = 30  # of one agent: each is counted wherever its owner has a screen open


def save_view(*, agent: Agent, name: str, listing: Listing, team: Team | None = None) -> SavedView:
    """Keep a list under a name, for oneself or for a team one belongs to."""
    with command("saved_view.create", actor=agent, on=None) as step:
        # One at a time for each agent, so that neither the name nor the limit is passed twice.
        Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        mine = SavedView.objects.filter(owner=agent)
        if mine.filter(name=name).exists():
            raise Conflict(_("You have a view of this name already."))
        if mine.count() >= MOST:
            raise TooMany(_("You have as many views as one can have. Remove one first."))
        _require_member(agent, team)
        step.on = view = SavedView.objects.create(
            owner=agent, team=team, name=name, data=listing.data
        )
        step.note(team=team and team.pk, view=listing.view, filters=sorted(listing.filters))
        return view


def change_view(
    *, agent: Agent, view: int, name: str, team: Team | None, listing: Listing | None = None
) -> SavedView:
    """Rename it, share it or keep it for oneself, and (with `listing`) show something else."""
    with command("saved_view.change", actor=agent, on=None) as step:
        Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        step.on = found = _own(agent, view)
        if SavedView.objects.filter(owner=agent, name=name).exclude(pk=found.pk).exists():
            raise Conflict(_("You have a view of this name already."))
        _require_member(agent, team)
        data = listing.data if listing else found.data
        if (found.name, found.team_id, found.data) == (name, team and team.pk, data):
            step.nothing_changed()
            return found
        step.note(before={"team": found.team_id}, after={"team": team and team.pk})
        found.name, found.team, found.data = name, team, data
        found.save(update_fields=["name", "team", "data"])
        return found


def remove_view(*, agent: Agent, view: int) -> None:
    with command("saved_view.remove", actor=agent, on=None) as step:
        step.on = found = _own(agent, view)
        step.note(team=found.team_id)
        SavedView.objects.filter(pk=found.pk).delete()


def _own(agent: Agent, pk: int) -> SavedView:
    found = SavedView.objects.visible_to(agent).filter(pk=pk).first()
    if found is None:
        raise NotFound
    if found.owner_id != agent.pk:
        raise NotAllowed(_("Only who made this view can change it."))
    return found


def _require_member(agent: Agent, team: Team | None) -> None:
    if team is not None and not agent.groups.filter(pk=team.group_id).exists():
        raise NotAllowed(_("Views are shared with teams one belongs to."))
