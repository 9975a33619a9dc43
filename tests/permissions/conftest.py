"""The office: amy is a trainee whose replies ben or zoe approve; eve may approve elsewhere."""

from typing import Any

import pytest

from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD, Cast


def set_rules(*lines: dict[str, Any]) -> None:
    Policy.objects.update_or_create(name="approvals", defaults={"value": {"rules": list(lines)}})


def fresh(agent: Agent) -> Agent:
    return Agent.objects.get(pk=agent.pk)


def raise_versions() -> None:
    for agent in Agent.objects.all():
        agent.authz_version += 1
        agent.save(update_fields=["authz_version"])


@pytest.fixture
def office(cast: Cast) -> Cast:
    """Amy is a trainee whose replies ben or zoe approve; eve may approve too, but elsewhere."""
    roles = install_roles()
    cast.says("Where is my order?")
    cast.amy.groups.add(roles["trainee"].group)
    cast.zoe = invite_agent(  # type: ignore[attr-defined]
        actor=None, username="zoe", name="Zoe Park", password=PASSWORD
    )
    for agent, inbox in (
        (cast.ben, cast.inbox),
        (cast.zoe, cast.inbox),
        (cast.eve, cast.other_inbox),
    ):
        give([Act.VIEW, Act.APPROVE], agent, inbox)
    raise_versions()
    for name in ("amy", "ben", "eve", "zoe"):
        setattr(cast, name, fresh(getattr(cast, name)))
    set_rules({"operation": "reply.send", "role": "trainee"})
    return cast
