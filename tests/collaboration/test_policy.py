"""The settings page of real-time collaboration."""

from typing import Any

import pytest

from collaboration.policy import live
from conversations.modes.floor import Collaboration
from conversations.threads import commands
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.policies.commands import change_rules
from permissions.policies.rules import current, stored

PAGE = "/settings/collaboration/"


def form(**changes: Any) -> dict[str, Any]:
    values = {"enabled": "on", "mode": "open", "joining": "everyone", "shown": "agents"}
    return values | {"version": stored(Collaboration).version} | changes


def set_rules(ada: Agent, **rules: Any) -> None:
    version = stored(Collaboration).version
    change_rules(agent=ada, rules=Collaboration(**rules), version=version)


# --- the page --------------------------------------------------------------------------------


def test_an_administrator_sets_the_rules_and_is_named_on_the_page(ada, signed_in):
    client = signed_in("ada")
    answer = client.post(PAGE, form(mode="lead", most=3, shown="team"))
    assert (answer.status_code, answer.url) == (302, PAGE + "?saved=1")
    found = current(Collaboration)
    assert (found.mode, found.most, found.shown, found.enabled) == ("lead", 3, "team", True)
    assert "Changed by Ada Root" in client.get(PAGE).content.decode()
    record = AuditRecord.objects.get(verb="policy.change")
    assert record.detail["changed"]["mode"] == {"before": None, "after": "lead"}


def test_an_unticked_switch_turns_it_off(ada, signed_in):
    off = form()
    del off["enabled"]
    signed_in("ada").post(PAGE, off)
    assert current(Collaboration).enabled is False


def test_two_who_save_the_same_page_do_not_overwrite_each_other(ada, signed_in):
    client, shown = signed_in("ada"), form(mode="solo")
    client.post(PAGE, form(mode="lead"))
    answer = client.post(PAGE, shown)
    assert answer.status_code == 409
    assert "Ada Root changed this meanwhile" in answer.content.decode()
    assert current(Collaboration).mode == "lead"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "loud"},
        {"joining": "nobody"},
        {"joining": "chosen"},  # and none chosen
        {"joining": "chosen", "groups": ["999999"]},
        {"joining": "chosen", "groups": ["x"]},
        {"most": "-1"},
        {"most": "51"},
        {"most": "many"},
        {"shown": ""},
        {"version": ""},
        {"version": "x"},
    ],
)
def test_what_is_not_a_rule_is_shown_and_not_saved(ada, signed_in, wrong):
    assert signed_in("ada").post(PAGE, form(**wrong)).status_code == 422
    assert stored(Collaboration).version == 0


def test_a_rule_of_an_older_release_gives_way_to_the_usual_one(ada):
    set_rules(ada, mode="lead")
    policy = stored(Collaboration)
    policy.value = {"mode": "gone", "most": "x"}
    policy.save()
    assert current(Collaboration) == Collaboration()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_is_there_in_both_languages(ada, signed_in, language):
    Agent.objects.filter(pk=ada.pk).update(language=language)
    text = signed_in("ada").get(PAGE).content.decode()
    assert ("实时协作" if language == "zh-hans" else "Real-time collaboration") in text


# --- supervisors -----------------------------------------------------------------------------


def test_a_supervisor_watches_unseen_only_where_the_rules_let_them(cast, ada, thread):
    give([Act.SUPERVISE], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=7)
    pk = str(thread.pk)
    assert not live.is_unseen(cast.amy.pk, pk)
    set_rules(ada, unseen_supervisors=True)
    assert live.is_unseen(cast.amy.pk, pk)
    assert not live.is_unseen(cast.ben.pk, pk), "who supervises nothing is always seen"
    commands.join(agent=Agent.objects.get(pk=cast.amy.pk), conversation=thread.pk)
    assert not live.is_unseen(cast.amy.pk, pk), "who takes part is seen"
