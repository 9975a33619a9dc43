"""Sensitive notes: that one is there everybody sees, what it says only who may."""

import uuid
from dataclasses import asdict
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from collaboration.notices import deriving
from collaboration.notices.models import Notice
from conversations.grants.commands import give_access
from conversations.modes.floor import InternalMessages
from conversations.threads import commands
from conversations.threads.files import upload_file
from conversations.threads.models import Conversation, Entry, File
from helpdesk.core.refusals import Invalid, NotAllowed
from permissions.accounts.models import Agent
from permissions.acts.checks import give, take
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord
from permissions.policies.models import Policy
from tests.conftest import act, message

SECRET = "The customer is being sued"


def may(agent: Agent, *acts: Act, on: Any) -> Agent:
    """The agent, who may do this there from now on."""
    give(acts, agent, on)
    agent.authz_version += 1
    agent.save(update_fields=["authz_version"])
    return agent


@pytest.fixture
def boss(cast: Any) -> Agent:
    """Amy, who writes sensitive notes."""
    return may(cast.amy, Act.CONFIDE, on=cast.inbox)


def confide(agent: Agent, thread: Conversation, body: str = SECRET, **extra: Any) -> Entry:
    return commands.post_note(
        agent=agent,
        conversation=thread.pk,
        body=body,
        client_id=uuid.uuid4(),
        sensitive=True,
        **extra,
    )[0]


def switch(**rules: bool) -> None:
    name = "internal-messages"
    value = asdict(InternalMessages(**rules))
    Policy.objects.update_or_create(name=name, defaults={"value": value})


def test_only_who_has_the_right_writes_one(cast, thread, signed_in):
    path, sent = act(thread, "notes"), message(SECRET) | {"sensitive": True}
    assert signed_in("amy").send(path, sent).status_code == 403
    may(cast.amy, Act.CONFIDE, on=cast.inbox)
    answer = signed_in("amy").send(path, sent)
    assert (answer.status_code, answer.json()["sensitive"]) == (201, True)
    assert signed_in("amy").send(path, sent).status_code == 200  # the same once more
    del sent["sensitive"]
    assert signed_in("amy").send(path, sent).status_code == 409  # no routine one of the same id
    reply = message(SECRET) | {"sensitive": True}
    assert signed_in("amy").send(act(thread, "messages"), reply).status_code == 422
    record = AuditRecord.objects.get(verb="conversation.note")
    assert record.detail["sensitive"] is True
    assert SECRET not in str(record.detail)


def test_a_colleague_without_the_right_reads_that_it_is_there(cast, boss, thread, signed_in):
    kept = upload_file(author=boss, upload=SimpleUploadedFile("verdict.txt", b"guilty"))
    entry = confide(boss, thread, files=[kept.pk])
    ben = signed_in("ben")
    for path in ("", "parts/", f"entries/?after={entry.seq - 1}&html=1", "context/files/"):
        page = ben.get(f"/workspace/conversations/{thread.pk}/{path}").content.decode()
        assert SECRET not in page, path
        assert "verdict.txt" not in page, path
    shown = ben.get(f"/workspace/conversations/{thread.pk}/entries/?after={entry.seq - 1}")
    (told,) = shown.json()["entries"]
    assert (told["withheld"], told["body"], told["files"]) == (True, "", [])
    assert told["author"]["name"] == "Amy Ito"
    assert ben.get(f"/workspace/files/{kept.pk}/").status_code == 404
    may(cast.ben, Act.READ_CONFIDED, on=cast.inbox)
    assert SECRET in ben.get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert ben.get(f"/workspace/files/{kept.pk}/").status_code == 200


def test_lists_tell_nobody_what_it_says(boss, thread):
    confide(boss, thread)
    found = Conversation.objects.get(pk=thread.pk)
    assert (found.preview, found.preview_kind) == ("", "sensitive")


def test_its_author_reads_it_without_the_right(cast, boss, thread, signed_in):
    kept = upload_file(author=boss, upload=SimpleUploadedFile("verdict.txt", b"guilty"))
    confide(boss, thread, files=[kept.pk])
    take([Act.CONFIDE], boss, cast.inbox)
    boss.authz_version += 1
    boss.save(update_fields=["authz_version"])
    assert SECRET in signed_in("amy").get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert File.objects.visible_to(Agent.objects.get(pk=boss.pk)).filter(pk=kept.pk).exists()


def test_an_exception_lets_somebody_read_them_in_one_conversation(cast, boss, thread, signed_in):
    kept = upload_file(author=boss, upload=SimpleUploadedFile("verdict.txt", b"guilty"))
    confide(boss, thread, files=[kept.pk])
    may(boss, Act.GRANT, Act.READ_CONFIDED, on=cast.inbox)
    give_access(
        agent=boss, to=cast.ben, on=thread, acts=[Act.READ_CONFIDED], reason="a case", lasts=None
    )
    ben = signed_in("ben")
    assert SECRET in ben.get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert ben.get(f"/workspace/files/{kept.pk}/").status_code == 200


def test_who_may_not_read_it_is_not_mentioned_in_it(cast, boss, thread):
    with pytest.raises(Invalid) as refused:
        confide(boss, thread, f"@Ben Okafor {SECRET}")
    assert "Ben Okafor may not read sensitive notes" in str(refused.value.sentence)
    may(cast.ben, Act.READ_CONFIDED, on=cast.inbox)
    confide(boss, thread, f"@Ben Okafor {SECRET}")
    deriving.derive([thread.pk])
    assert Notice.objects.filter(agent=cast.ben, kind="mentioned").exists()


def test_a_notice_of_a_mention_says_nothing_of_it(cast, boss, thread, signed_in):
    may(cast.ben, Act.READ_CONFIDED, on=cast.inbox)
    confide(boss, thread, f"@Ben Okafor {SECRET}")
    deriving.derive([thread.pk])
    page = signed_in("ben").get("/workspace/notices/").content.decode()
    assert "Amy Ito mentioned you" in page
    assert SECRET not in page


def test_of_a_team_those_are_told_who_may_read_it(cast, boss, thread):
    reader = Agent.objects.create(username="rae", name="Rae Lind")
    reader.groups.add(cast.team.group)
    may(reader, Act.READ_CONFIDED, on=cast.inbox)
    other = Agent.objects.create(username="oli", name="Oli Berg")
    other.groups.add(cast.team.group)
    confide(boss, thread, f"@Service {SECRET}")
    deriving.derive([thread.pk])
    told = Notice.objects.filter(kind="mentioned")
    assert [notice.agent for notice in told] == [reader]


def test_switched_off_nobody_writes_notes_and_what_was_written_stays(cast, boss, thread, signed_in):
    confide(boss, thread)
    switch(sensitive=False)
    with pytest.raises(NotAllowed) as refused:
        confide(boss, thread)
    assert "Sensitive notes are switched off" in str(refused.value.sentence)
    amy = signed_in("amy")
    assert amy.send(act(thread, "notes"), message("routine")).status_code == 201
    switch(enabled=False)
    assert amy.send(act(thread, "notes"), message("routine")).status_code == 403
    page = amy.get(f"/workspace/conversations/{thread.pk}/").content.decode()
    assert SECRET in page
    assert 'value="note"' not in page
    assert amy.send(act(thread, "messages"), message("a reply")).status_code == 201


def test_a_hand_over_takes_no_note_along_while_they_are_switched_off(cast, thread, signed_in):
    switch(enabled=False)
    amy, path = signed_in("amy"), act(thread, "transfer")
    to = {"agent": cast.amy.pk, "client_id": str(uuid.uuid4())}
    assert amy.send(path, to | {"note": "for you"}).status_code == 403
    assert amy.send(path, to).status_code == 200
