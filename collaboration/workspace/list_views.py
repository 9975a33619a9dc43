"""The workspace's lists over HTTP: their pages and counts, saved views, acts on many at once."""

import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from collaboration.acts import commands as acts
from collaboration.acts import queries as jobs
from collaboration.saved import commands as saved
from collaboration.saved.forms import read_name, read_team
from collaboration.saved.models import SavedView
from collaboration.saved.queries import listings, saved_views
from collaboration.workspace import choices
from conversations.threads import queries as threads
from conversations.threads.forms import read_uuid
from conversations.threads.listing import VIEWS, Listing
from helpdesk.core.refusals import Invalid
from helpdesk.core.web.negotiation import read_input, read_number, wants_json
from permissions.accounts.doors import AgentRequest, agents_only
from permissions.accounts.models import Agent, Team
from permissions.acts.checks import has_duty, seen
from permissions.acts.vocabulary import Duty

MOST_CHOSEN = 500  # conversations named one by one


@agents_only
@require_GET
def conversations(request: AgentRequest) -> HttpResponse:
    """One page of a list: JSON for programs, rows for htmx, the whole workspace for a person."""
    if not wants_json(request) and not request.headers.get("HX-Request"):
        context = {"talk": None, **lists_shown(request)}
        return render(request, "collaboration/workspace/workspace.html", context)
    context = _page(request)
    if wants_json(request):
        rows = [threads.row_json(row) for row in context["page"].rows]
        return JsonResponse({"conversations": rows, "next": context["page"].next or None})
    if not request.GET.get("cursor"):
        context["chips"] = choices.chips(request.user, context["listing"])
    return render(request, "collaboration/workspace/partials/rows.html", context)


def _page(request: AgentRequest) -> dict[str, Any]:
    listing = Listing.read(request.GET)
    size = read_number(request.GET.get("size"), 50, most=100) or 50
    cursor = request.GET.get("cursor", "")
    return {
        "listing": listing,
        "page": threads.conversation_page(request.user, listing, cursor=cursor, size=size),
        "sees_inboxes": bool(seen(request.user)),
        "opens_inboxes": has_duty(request.user, Duty.ROLES),
    }


def lists_shown(request: AgentRequest) -> dict[str, Any]:
    """What the workspace's list column shows."""
    context = _page(request)
    return context | _views_shown(request, context["listing"])


def _is(view: SavedView, listing: Listing, owner: Agent) -> bool:
    return view.owner_id == owner.pk and view.data == listing.data


def _views_shown(request: AgentRequest, listing: Listing) -> dict[str, Any]:
    views = saved_views(request.user)
    return {
        "listing": listing,
        "tabs": choices.tabs(listing, views, threads.counts(request.user, listings(views))),
        "chips": choices.chips(request.user, listing),
    }


@agents_only
@require_GET
def counts(request: AgentRequest) -> HttpResponse:
    """How many each view holds; with `here=1` also how many the list of this address does."""
    counted = threads.counts(request.user, listings(saved_views(request.user)))
    answer: dict[str, Any] = {
        "views": {key: count for key, count in counted.items() if key in VIEWS},
        "saved": {key: count for key, count in counted.items() if key not in VIEWS},
    }
    if request.GET.get("here"):
        answer["here"] = threads.count_in(request.user, Listing.read(request.GET))
    return JsonResponse(answer)


@agents_only
@require_GET
def labels(request: AgentRequest) -> HttpResponse:
    """Tags and issue types in use, for fields that offer them."""
    tags, issue_types = choices.in_use(request.user)
    return JsonResponse({"tags": tags, "issue_types": issue_types})


@agents_only
@require_GET
def filters(request: AgentRequest) -> HttpResponse:
    """What a list can be narrowed by, for the form that is opened beside it."""
    listing = Listing.read(request.GET)
    views = saved_views(request.user)
    context = {
        "listing": listing,
        "choices": choices.choices(request.user, listing),
        "own": next((one for one in views if _is(one, listing, request.user)), None),
        "teams": Team.objects.filter(group__user=request.user).order_by("name"),
    }
    return render(request, "collaboration/workspace/partials/filters.html", context)


# --- saved views ---------------------------------------------------------------------------


@agents_only
@require_http_methods(["GET", "POST"])
def views(request: AgentRequest) -> HttpResponse:
    """The agent's saved views; a POST keeps another one."""
    if request.method == "GET":
        return JsonResponse({"views": [_view_json(view) for view in saved_views(request.user)]})
    data = read_input(request)
    view = saved.save_view(
        agent=request.user,
        name=read_name(data.get("name", "")),
        listing=_read_listing(data),
        team=read_team(data.get("share")),
    )
    return _view_answer(request, view, status=201)


@agents_only
@require_POST
def change_view(request: AgentRequest, pk: int) -> HttpResponse:
    data = read_input(request)
    view = saved.change_view(
        agent=request.user,
        view=pk,
        name=read_name(data.get("name", "")),
        team=read_team(data.get("share")),
        listing=_read_listing(data) if "listing" in data or "view" in data else None,
    )
    return _view_answer(request, view)


@agents_only
@require_POST
def remove_view(request: AgentRequest, pk: int) -> HttpResponse:
    saved.remove_view(agent=request.user, view=pk)
    return _view_answer(request, None)


def _view_answer(request: AgentRequest, view: SavedView | None, status: int = 200) -> HttpResponse:
    if wants_json(request) or request.content_type == "application/json":
        return JsonResponse({"view": view and _view_json(view)}, status=status)
    if request.headers.get("HX-Request"):
        listing = view.listing if view else Listing()
        context = _views_shown(request, listing)
        return render(request, "collaboration/workspace/partials/tabs.html", context)
    return redirect("workspace:workspace")


def _view_json(view: SavedView) -> dict[str, Any]:
    return {
        "id": view.pk,
        "name": view.name,
        "owner": view.owner_id,
        "team": view.team_id,
        "listing": view.data,
    }


def _read_listing(data: dict[str, Any]) -> Listing:
    """A list as an address (`listing`) or as fields beside the others."""
    address = data.get("listing")
    if address is None:
        return Listing.read(data)
    if not isinstance(address, str) or len(address) > 4000:
        raise Invalid
    return Listing.read(QueryDict(address))


# --- many at once --------------------------------------------------------------------------


@agents_only
@require_http_methods(["GET", "POST"])
def bulk(request: AgentRequest) -> HttpResponse:
    """One act on the conversations named by `ids`, or on all of a list (`view` and `filters`).

    A few are done before the answer (200); with more a job goes on beside it (202). A GET answers
    with what the acts may be told: people, teams, times.
    """
    if request.method == "GET":
        context = {"offers": choices.bulk_offers(request.user)}
        return render(request, "collaboration/workspace/partials/bulk_acts.html", context)
    data = read_input(request)
    name = data.get("act")
    if not isinstance(name, str):
        raise Invalid
    client_id = data.get("client_id")
    job = acts.begin(
        agent=request.user,
        act=name,
        data={key: value for key, value in data.items() if key not in {"ids", "act"}},
        ids=_chosen(request, data),
        client_id=read_uuid(client_id) if client_id else uuid.uuid4(),
    )
    if job.total <= acts.AT_ONCE:
        acts.run(job.pk)
    job.refresh_from_db()
    return JsonResponse(jobs.job_json(job), status=200 if job.finished_at else 202)


def _chosen(request: AgentRequest, data: dict[str, Any]) -> list[uuid.UUID]:
    ids = data.get("ids")
    if ids is None:
        # Filters stand apart: an act may have an input of the same name, such as "priority".
        filters = data.get("filters", {})
        if not isinstance(filters, dict) or not ("view" in data or "listing" in data):
            raise Invalid
        listed = data if "listing" in data else {"view": data["view"], **filters}
        return threads.ids_in(request.user, _read_listing(listed), acts.MOST + 1)
    ids = ids if isinstance(ids, list) else [ids]
    if not 0 < len(ids) <= MOST_CHOSEN:
        raise Invalid
    return [read_uuid(value) for value in ids]


@agents_only
@require_GET
def bulk_job(request: AgentRequest, pk: uuid.UUID) -> HttpResponse:
    """How far an act on many has come."""
    return JsonResponse(jobs.job_json(jobs.find(request.user, pk)))
