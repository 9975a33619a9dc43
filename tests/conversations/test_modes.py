"""Modes: whose replies go out, who may come in, and what customers read above a reply."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, connections

from conversations.inboxes.commands import change_inbox
from conversations.modes.commands import switch_mode
from conversations.modes.floor import Collaboration, Mode
from conversations.threads import commands
from conversations.threads.models import Entry, Participant
from conversations.threads.queries import public_entry_json
from helpdesk.core.refusals import Conflict, NotAllowed, Refusal
from permissions.accounts.commands import invite_agent
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.policies.commands import change_rules
from permissions.policies.models import Policy
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD, Cast, act, message

ADMIN = "ada"


@pytest.fixture
def people(cast: Cast, thread: Any) -> dict[str, Agent]:
    """Amy is responsible; bob has joined; cid may join; dan supervises; ada sets the rules."""
    made = {
        name: invite_agent(
            actor=None,
            username=name,
            name=name.title(),
            password=PASSWORD,
            teams=[] if name == ADMIN else [cast.team],
            roles=[install_roles()["admin"]] if name == ADMIN else [],
        )
        for name in ("bob", "cid", "dan", ADMIN)
    }
    give([Act.SUPERVISE], made["dan"], cast.inbox)
    Agent.objects.filter(username="dan").update(authz_version=5)
    made = {name: Agent.objects.get(pk=agent.pk) for name, agent in made.items()}
    made["amy"] = Agent.objects.get(pk=cast.amy.pk)
    commands.claim(agent=made["amy"], conversation=thread.pk)
    commands.join(agent=made["bob"], conversation=thread.pk)
    return made


def set_rules(admin: Agent, **rules: Any) -> None:
    version = getattr(Policy.objects.filter(name="collaboration").first(), "version", 0)
    change_rules(agent=admin, rules=Collaboration(**rules), version=version)


def says(agent: Agent, thread: Any, body: str = "hello") -> Entry:
    return commands.post_reply(
        agent=agent, conversation=thread.pk, body=body, client_id=uuid.uuid4()
    )[0]


def notes(agent: Agent, thread: Any) -> Entry:
    return commands.post_note(
        agent=agent, conversation=thread.pk, body="aside", client_id=uuid.uuid4()
    )[0]


def there(thread: Any) -> set[str]:
    found = Participant.objects.filter(conversation=thread, left_at=None)
    return set(found.values_list("agent__username", flat=True))


# --- each mode × who × act -------------------------------------------------------------------

ALLOWED = {  # mode → what amy (responsible), bob (in it) and cid (outside) may do
    Mode.OPEN: {
        "reply": "amy bob cid",
        "note": "amy bob cid",
        "join": "cid",
        "invite": "amy bob cid",
    },
    Mode.LEAD: {"reply": "amy", "note": "amy bob cid", "join": "cid", "invite": "amy bob cid"},
    Mode.SOLO: {"reply": "amy", "note": "amy bob cid", "join": "cid", "invite": "amy bob cid"},
    Mode.INVITED: {"reply": "amy bob", "note": "amy bob cid", "join": "", "invite": "amy bob"},
    "off": {"reply": "amy", "note": "amy", "join": "", "invite": ""},
}


@pytest.mark.parametrize("mode", ALLOWED)
@pytest.mark.parametrize("who", ["amy", "bob", "cid"])
@pytest.mark.parametrize("what", ["reply", "note", "join", "invite"])
def test_who_may_do_what_in_which_mode(people, thread, mode, who, what):
    if what == "join" and who != "cid":
        return  # they are in it already
    if mode == "off":
        set_rules(people[ADMIN], enabled=False)
    else:
        set_rules(people[ADMIN], mode=mode.value)
    agent, before = people[who], thread.entries.count()
    deeds = {
        "reply": lambda: says(agent, thread),
        "note": lambda: notes(agent, thread),
        "join": lambda: commands.join(agent=agent, conversation=thread.pk),
        "invite": lambda: commands.invite(agent=agent, conversation=thread.pk, who=people["dan"]),
    }
    if who in ALLOWED[mode][what].split():
        deeds[what]()
        assert thread.entries.count() > before
    else:
        with pytest.raises(NotAllowed) as refused:
            deeds[what]()
        assert str(refused.value.sentence) != str(NotAllowed.sentence), "it says what to do"
        assert thread.entries.count() == before


def test_the_conversations_mode_goes_before_the_inboxes_and_that_before_the_rules(
    people, cast, thread
):
    set_rules(people[ADMIN], mode="solo")
    assert thread.floor.mode == Mode.SOLO
    change_inbox(actor=None, inbox=cast.inbox, changes={"mode": "lead"})
    assert cast.thread.floor.mode == Mode.LEAD
    switch_mode(agent=people["amy"], conversation=thread.pk, mode=Mode.OPEN)
    assert cast.thread.floor.mode == Mode.OPEN
    switch_mode(agent=people["amy"], conversation=thread.pk, mode=Mode.LEAD)
    assert cast.thread.mode == "", "it follows its inbox again"


def test_where_only_the_responsible_answers_somebody_has_to_be_it(people, cast, thread):
    set_rules(people[ADMIN], mode="lead")
    commands.assign(agent=people["amy"], conversation=thread.pk, to=None)
    with pytest.raises(NotAllowed, match="take the conversation"):
        says(people["bob"], thread)
    commands.claim(agent=people["bob"], conversation=thread.pk)
    assert says(people["bob"], thread).body == "hello"


def test_a_reply_sent_before_the_switch_is_answered_as_before(people, thread):
    sent = {
        "agent": people["bob"],
        "conversation": thread.pk,
        "body": "x",
        "client_id": uuid.uuid4(),
    }
    first, made = commands.post_reply(**sent)
    switch_mode(agent=people["amy"], conversation=thread.pk, mode=Mode.SOLO)
    again, made_again = commands.post_reply(**sent)
    assert (again.pk, made, made_again) == (first.pk, True, False)


# --- switching -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"), [("amy", 200), ("dan", 200), ("bob", 403), ("eve", 404)]
)
def test_who_may_switch(people, thread, signed_in, cast, who, status):
    for name, agent in people.items():
        setattr(cast, name, agent)
    answer = signed_in(who).send(act(thread, "mode"), {"mode": "solo"})
    assert answer.status_code == status
    assert (cast.thread.mode == "solo") == (status == 200)


def test_a_switch_is_a_numbered_event_in_words_and_audited(people, cast, thread):
    before = cast.thread.last_seq
    switch_mode(agent=people["dan"], conversation=thread.pk, mode=Mode.LEAD)
    switch_mode(agent=people["dan"], conversation=thread.pk, mode=Mode.LEAD)  # twice is once
    (entry,) = thread.entries.filter(seq__gt=before)
    assert entry.event == {"type": "mode", "mode": "lead"}
    assert entry.public_seq is None, "no customer learns of it"
    assert AuditRecord.objects.get(verb="conversation.mode").detail["after"] == "lead"
    html = thread.entries.get(pk=entry.pk)
    from conversations.threads.wording import event_sentence

    assert event_sentence(html) == "Dan switched the mode: Lead speaks"


@pytest.mark.parametrize("mode", [None, "", "loud", "approved2", 7, ["solo"], {"a": 1}])
def test_only_known_modes_can_be_chosen(people, thread, signed_in, mode):
    assert signed_in("amy").send(act(thread, "mode"), {"mode": mode}).status_code == 422


def test_nothing_is_switched_while_working_together_is_off(people, thread):
    set_rules(people[ADMIN], enabled=False)
    with pytest.raises(Conflict):
        switch_mode(agent=people["amy"], conversation=thread.pk, mode=Mode.SOLO)


# --- coming in -------------------------------------------------------------------------------


def test_chosen_teams_and_roles_alone_take_part(people, cast, thread):
    change_inbox(
        actor=None,
        inbox=cast.inbox,
        changes={"joining": "chosen", "joining_groups": [cast.team.group_id]},
    )
    people["cid"].groups.clear()
    give([Act.VIEW, Act.JOIN, Act.REPLY, Act.CLAIM], people["cid"], cast.inbox)
    Agent.objects.filter(pk=people["cid"].pk).update(authz_version=9)
    cid = Agent.objects.get(pk=people["cid"].pk)
    with pytest.raises(NotAllowed, match="teams and roles"):
        commands.join(agent=cid, conversation=thread.pk)
    with pytest.raises(NotAllowed, match="teams and roles"):
        says(cid, thread)
    with pytest.raises(NotAllowed, match="Cid"):
        commands.invite(agent=people["amy"], conversation=thread.pk, who=cid)
    with pytest.raises(NotAllowed, match="Cid"):
        commands.transfer(agent=people["amy"], conversation=thread.pk, to=cid)
    commands.join(agent=people["dan"], conversation=thread.pk)
    assert there(thread) == {"amy", "bob", "dan"}


def test_a_full_conversation_takes_nobody_in_and_a_new_owner_gets_the_old_ones_place(
    people, thread
):
    set_rules(people[ADMIN], most=2)
    for deed in (commands.join, lambda **who: says(who["agent"], thread)):
        with pytest.raises(NotAllowed, match="2 people"):
            deed(agent=people["cid"], conversation=thread.pk)
    commands.transfer(agent=people["amy"], conversation=thread.pk, to=people["cid"])
    assert there(thread) == {"bob", "cid"}
    commands.assign(agent=people["bob"], conversation=thread.pk, to=None)
    with pytest.raises(Conflict, match="2 people"):
        commands.claim(agent=people["dan"], conversation=thread.pk)
    commands.claim(agent=people["bob"], conversation=thread.pk)
    assert there(thread) == {"bob", "cid"}


@pytest.mark.django_db(transaction=True)
def test_two_who_join_at_once_never_exceed_the_most(people, thread):
    set_rules(people[ADMIN], most=3)
    start, refused = threading.Barrier(2), []

    def join(agent: Agent) -> None:
        try:
            start.wait(10)
            commands.join(agent=agent, conversation=thread.pk)
        except Refusal as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    both = [threading.Thread(target=join, args=[people[name]]) for name in ("cid", "dan")]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert len(there(thread)) == 3
    assert len(refused) == 1


def test_an_invitation_lets_in_and_leaving_ends_it(people, thread):
    set_rules(people[ADMIN], mode="invited")
    with pytest.raises(NotAllowed, match="invitation"):
        commands.invite(agent=people["cid"], conversation=thread.pk, who=people["cid"])
    commands.invite(agent=people["dan"], conversation=thread.pk, who=people["cid"])  # supervises
    assert says(people["cid"], thread)
    commands.leave(agent=people["cid"], conversation=thread.pk)
    with pytest.raises(NotAllowed, match="invitation"):
        says(people["cid"], thread)


# --- in the middle, and off ------------------------------------------------------------------


def test_switched_off_everybody_but_the_responsible_reads_and_nothing_is_lost(
    people, cast, thread, signed_in
):
    cast.bob = people["bob"]
    bob = signed_in("bob")
    bob.send(act(thread, "private-draft"), {"mode": "reply", "body": "half", "number": 5})
    set_rules(people[ADMIN], enabled=False)
    answer = bob.send(act(thread, "messages"), message("late"))
    assert answer.status_code == 403
    assert "Amy Ito" in answer.json()["detail"]
    page = bob.get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert 'data-reply="half"' in page
    assert 'data-closed="reply"' in page
    assert 'data-closed="note"' in page
    assert there(thread) == {"amy", "bob"}
    set_rules(people[ADMIN])
    assert bob.send(act(thread, "messages"), message("late")).status_code == 201


def test_handing_over_goes_on_while_it_is_off(people, thread):
    set_rules(people[ADMIN], enabled=False)
    commands.transfer(agent=people["amy"], conversation=thread.pk, to=people["cid"])
    assert says(people["cid"], thread)
    with pytest.raises(NotAllowed):
        says(people["amy"], thread)


# --- names -----------------------------------------------------------------------------------


def test_customers_read_one_name_and_the_past_keeps_its_names(people, cast, thread):
    old = says(people["amy"], thread)
    change_inbox(
        actor=None, inbox=cast.inbox, changes={"shown_as": "team", "team_name": "Shop team"}
    )
    new, other = says(people["amy"], thread), says(people["bob"], thread)
    shown = [public_entry_json(Entry.objects.get(pk=one.pk))["author"] for one in (old, new, other)]
    assert [one["name"] for one in shown] == ["Amy Ito", "Shop team", "Shop team"]
    assert shown[1] == shown[2], "nothing tells two agents apart"
    assert new.author_name == "Amy Ito", "colleagues still read who it was"
    assert public_entry_json(new)["event"] is None


def test_without_a_name_for_the_team_the_inboxes_is_shown(people, thread):
    set_rules(people[ADMIN], shown="team")
    assert says(people["amy"], thread).public_name == "Shop"


# --- what it costs ---------------------------------------------------------------------------


def test_a_reply_costs_no_statement_more(people, thread):
    from django.test.utils import CaptureQueriesContext

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            says(people["amy"], thread)
        return len(found)

    usual = statements()
    change = {"mode": "solo", "shown": "team", "most": 2, "joining": "invited"}
    set_rules(people[ADMIN], **change)
    assert statements() == usual
