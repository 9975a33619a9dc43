"""Acts on a running system for which it has no door yet: `python -m tests.faults.harness.cast`.

Each act prints the time (seconds since the epoch) right after its commit.
"""

import os
import sys
import time

import django

TEAM = "Service"
INBOX = "demo"
AGENTS = ("agent1", "agent2", "agent3", "agent4")


def make(password: str) -> None:
    """A team of four agents and the inbox it serves."""
    from conversations.inboxes.commands import open_inbox
    from permissions.accounts.commands import create_team, invite_agent

    team = create_team(actor=None, name=TEAM)
    for number, username in enumerate(AGENTS, 1):
        invite_agent(
            actor=None,
            username=username,
            name=f"Inner Name {number}",
            public_name=f"Ann {number}",
            password=password,
            teams=[team],
        )
    open_inbox(actor=None, key=INBOX, name="Shop", teams=[team])


def deactivate(username: str) -> None:
    from permissions.accounts.commands import deactivate_agent
    from permissions.accounts.models import Agent

    deactivate_agent(actor=None, agent=Agent.objects.get(username=username))


def leave(username: str) -> None:
    from permissions.accounts.commands import leave_team
    from permissions.accounts.models import Agent, Team

    agent, team = Agent.objects.get(username=username), Team.objects.get(name=TEAM)
    leave_team(actor=None, agent=agent, team=team)


def restore(username: str) -> None:
    """Give back what the other acts took, so that the next test finds the agent as before."""
    from permissions.accounts.commands import join_team
    from permissions.accounts.models import Agent, Team

    Agent.objects.filter(username=username).update(is_active=True)
    agent, team = Agent.objects.get(username=username), Team.objects.get(name=TEAM)
    join_team(actor=None, agent=agent, team=team)


def main() -> None:
    """Do the act named by the first argument with the others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    django.setup()
    from helpdesk.core.live import hub

    act, *arguments = sys.argv[1:]
    acts = {one.__name__: one for one in (make, deactivate, leave, restore)}
    acts[act](*arguments)
    print(time.time(), flush=True)  # noqa: T201
    hub.flush()


if __name__ == "__main__":
    main()
