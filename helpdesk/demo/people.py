"""The demo's staff, teams and inboxes: made where they are missing, else left as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conversations.inboxes.commands import change_inbox, open_inbox
from conversations.inboxes.models import Inbox
from permissions.accounts.commands import change_password, create_team, invite_agent
from permissions.accounts.models import Agent, Team
from permissions.roles.presets import install_roles

CARE, TECH = "客户服务 Customer care", "技术支持 Technical support"


@dataclass(frozen=True)
class Person:
    name: str
    public_name: str
    role: str
    teams: tuple[str, ...] = ()


PEOPLE: Mapping[str, Person] = {
    "admin": Person("Grace Miller", "Grace", "admin"),
    "supervisor": Person("赵岚", "赵岚", "supervisor", (CARE, TECH)),
    "senior": Person("Daniel Okafor", "Daniel", "senior", (CARE, TECH)),
    "agent1": Person("林晓", "小林", "agent", (CARE,)),
    "agent2": Person("周明", "周明", "agent", (CARE, TECH)),
    "agent3": Person("Mia Torres", "Mia", "agent", (TECH,)),
    "auditor": Person("Helen Brooks", "Helen", "auditor"),
}


@dataclass(frozen=True)
class Door:
    name: str
    teams: tuple[str, ...]
    greeting: str
    looks: Mapping[str, Any] = field(default_factory=dict)  # and rules


# The second one belongs to one team alone, so that a border can be seen: agent3 is outside.
INBOXES: Mapping[str, Door] = {
    "demo": Door(
        "Kettle & Kiln 壶与窑",
        (CARE, TECH),
        "您好！有什么可以帮您？ · Hello! What can we do for you?",
        {"colour": "#a4512f", "greets_visitors": True, "shows_typing": True},
    ),
    "trade": Door(
        "Trade orders 批发采购",
        (CARE,),
        "餐厅、酒店与茶馆的批量采购 · For cafés, hotels and tea houses",
        {
            "position": "left",
            "time_zone": "Asia/Shanghai",
            "opening_hours": {
                day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
            },
        },
    ),
}


@dataclass(frozen=True)
class Cast:
    agents: Mapping[str, Agent]
    inboxes: Mapping[str, Inbox]


def assemble(password: str) -> Cast:
    """Everybody who works here. The password is made the one that is shown to visitors."""
    roles = install_roles()
    teams = {team.name: team for team in Team.objects.filter(name__in=(CARE, TECH))}
    for name in (CARE, TECH):
        if name not in teams:
            teams[name] = create_team(actor=None, name=name)
    agents = {agent.username: agent for agent in Agent.objects.filter(username__in=PEOPLE)}
    for username, person in PEOPLE.items():
        if username not in agents:
            invite_agent(
                actor=None,
                username=username,
                name=person.name,
                public_name=person.public_name,
                password=password,
                roles=[roles[person.role]],
                teams=[teams[name] for name in person.teams],
            )
        elif not agents[username].check_password(password):
            change_password(agent=agents[username], password=password)
    inboxes = {inbox.key: inbox for inbox in Inbox.objects.filter(key__in=INBOXES)}
    for key, door in INBOXES.items():
        if key not in inboxes:
            inboxes[key] = open_inbox(
                actor=None,
                key=key,
                name=door.name,
                teams=[teams[name] for name in door.teams],
                greeting=door.greeting,
            )
            change_inbox(actor=None, inbox=inboxes[key], changes=door.looks)
    # Read anew: opening an inbox changed what they may do.
    agents = {agent.username: agent for agent in Agent.objects.filter(username__in=PEOPLE)}
    return Cast(agents, inboxes)
