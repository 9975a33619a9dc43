"""Rights are read once, kept under the agent's version, and never outlive a change."""

from conversations.threads.models import Conversation
from permissions.accounts import commands
from permissions.accounts.models import Agent
from permissions.acts.checks import granted, rights_of
from permissions.acts.vocabulary import Act


def fresh(agent):
    return Agent.objects.get(pk=agent.pk)


def test_a_team_brings_its_rights_and_takes_them_along(cast, thread):
    assert not granted(cast.eve, Act.REPLY) & {cast.inbox.pk}
    commands.join_team(actor=None, agent=cast.eve, team=cast.team)
    assert granted(fresh(cast.eve), Act.REPLY) >= {cast.inbox.pk}
    assert Conversation.objects.visible_to(fresh(cast.eve)).count() == 1
    commands.leave_team(actor=None, agent=cast.eve, team=cast.team)
    assert not Conversation.objects.visible_to(fresh(cast.eve)).exists()


def test_a_deactivated_agent_has_none(cast):
    commands.deactivate_agent(actor=None, agent=cast.amy)
    assert rights_of(fresh(cast.amy)).by_object == {}


def test_being_superuser_gives_nothing_by_itself(cast, thread):
    cast.eve.is_superuser = True
    assert not Conversation.objects.visible_to(cast.eve).exists()


def test_kept_rights_cost_no_query(cast, django_assert_num_queries):
    rights_of(cast.amy)
    with django_assert_num_queries(0):
        rights_of(cast.amy)
