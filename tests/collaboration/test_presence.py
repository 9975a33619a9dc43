"""Agents' statuses: chosen, out of reach, idle; and who may be given work."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from permissions.accounts import attendance, commands
from permissions.accounts.models import Agent, AgentStatus, Attendance
from permissions.audit.models import AuditRecord


def status(agent: Agent) -> str:
    return Agent.objects.get(pk=agent.pk).presence_status.value


def seen(agent: Agent, **ago: float) -> None:
    Attendance.objects.filter(agent=agent).update(last_seen_at=now() - timedelta(**ago))


def test_who_has_no_tab_open_is_offline(cast):
    assert status(cast.amy) == "offline"
    commands.choose_status(agent=cast.amy, status=AgentStatus.ONLINE)
    assert status(cast.amy) == "offline"


def test_a_tab_brings_the_chosen_status_and_its_end_takes_it_after_a_grace(cast, settings):
    settings.AGENT_GRACE = 180
    attendance.renew([cast.amy.pk, cast.ben.pk], [])
    commands.choose_status(agent=cast.amy, status=AgentStatus.BUSY)
    assert attendance.statuses() == {cast.amy.pk: "busy", cast.ben.pk: "online"}
    seen(cast.amy, seconds=170)
    assert status(cast.amy) == "busy"
    seen(cast.amy, seconds=190)
    assert status(cast.amy) == "offline"
    assert attendance.statuses() == {cast.ben.pk: "online"}
    attendance.renew([cast.amy.pk], [])
    assert status(cast.amy) == "busy"


def test_without_input_one_is_away_and_comes_back_by_oneself(cast, settings):
    settings.AGENT_IDLE = 600
    attendance.renew([cast.amy.pk], [])
    idle = now() - timedelta(seconds=700)
    Attendance.objects.filter(agent=cast.amy).update(active_at=idle)
    attendance.renew([cast.amy.pk], [])
    assert status(cast.amy) == "away"
    attendance.renew([cast.amy.pk], [cast.amy.pk])
    assert status(cast.amy) == "online"
    Attendance.objects.filter(agent=cast.amy).update(active_at=idle)
    settings.AGENT_IDLE = 0
    assert status(cast.amy) == "online"


def test_only_online_agents_get_new_work_and_busy_ones_can_still_answer(cast):
    everybody = [cast.amy, cast.ben, cast.eve]
    attendance.renew([one.pk for one in everybody], [])
    commands.choose_status(agent=cast.ben, status=AgentStatus.BUSY)
    commands.choose_status(agent=cast.eve, status=AgentStatus.AWAY)
    assert set(Agent.objects.available()) == {cast.amy}
    assert set(Agent.objects.present()) == {cast.amy, cast.ben}
    commands.deactivate_agent(actor=None, agent=cast.amy)
    assert not Agent.objects.available().exists()


def test_signing_out_is_leaving_at_once(cast):
    attendance.renew([cast.amy.pk], [])
    commands.record_sign_out(agent=cast.amy)
    assert status(cast.amy) == "offline"


def test_choosing_is_recorded_once(cast, signed_in):
    client = signed_in("amy")
    attendance.renew([cast.amy.pk], [])
    for _ in range(2):
        answer = client.send("/profile/status/", {"status": "away"})
        assert answer.json() == {"status": "away", "chosen": "away"}
    record = AuditRecord.objects.get(verb="agent.choose_status")
    assert (record.actor_name, record.detail) == ("Amy Ito", {"before": "online", "after": "away"})


def test_the_form_comes_back_to_its_page_and_nowhere_else(cast, signed_in):
    client = signed_in("amy")
    for back, expected in (
        ("/settings/notices/", "/settings/notices/"),
        ("https://evil.test/", "/workspace/"),
        ("//evil.test/", "/workspace/"),
        ("", "/workspace/"),
    ):
        answer = client.post("/profile/status/", {"status": "busy", "next": back})
        assert (answer.status_code, answer["Location"]) == (302, expected)


@pytest.mark.parametrize("status", ["", "asleep", None, 7, ["busy"], {"a": 1}])
def test_an_unknown_status_is_refused(cast, signed_in, status):
    assert signed_in("amy").send("/profile/status/", {"status": status}).status_code == 422
