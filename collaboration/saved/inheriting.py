"""What another team takes over when a team is removed: what is shared with its members."""

from django.db.models import Q
from django.utils.translation import ngettext

from collaboration.canned.models import CannedReply
from collaboration.saved.models import SavedView
from permissions.accounts.belongings import Belonging, belongs_to_teams
from permissions.accounts.models import Agent, Team
from permissions.acts.command import Step


def _canned_said(count: int) -> str:
    return ngettext("%(count)s canned reply", "%(count)s canned replies", count) % {"count": count}


def _pass_on_canned(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    """A shortcut that the other team uses already stays theirs."""
    taken = set(CannedReply.objects.filter(team=heir).values_list("shortcut", flat=True))
    theirs = CannedReply.objects.filter(team=team)
    theirs.filter(shortcut__in=taken).update(shortcut="")
    theirs.update(team=heir)


def _views_said(count: int) -> str:
    return ngettext("%(count)s shared view", "%(count)s shared views", count) % {"count": count}


def _views_of(team: Team) -> Q:
    """Those shared with the team, and those that list what is the team's."""
    return Q(team=team) | Q(data__team__contains=str(team.pk))


def _pass_on_views(step: Step, actor: Agent | None, team: Team, heir: Team) -> None:
    for view in SavedView.objects.filter(_views_of(team)).select_for_update():
        if view.team_id == team.pk:
            view.team = heir
        if named := view.data.get("team"):
            ids = [str(heir.pk) if one == str(team.pk) else one for one in named]
            view.data["team"] = list(dict.fromkeys(ids))
        view.save(update_fields=["team", "data"])


def register() -> None:
    belongs_to_teams(
        Belonging(
            _canned_said,
            lambda team: CannedReply.objects.filter(team=team).count(),
            _pass_on_canned,
        )
    )
    belongs_to_teams(
        Belonging(
            _views_said,
            lambda team: SavedView.objects.filter(_views_of(team)).count(),
            _pass_on_views,
        )
    )
