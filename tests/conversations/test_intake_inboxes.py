"""An inbox's looks and rules: who may change them, what they may be, when it is open."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from conversations.inboxes import commands
from conversations.inboxes.colours import shades
from conversations.inboxes.models import Inbox
from conversations.inboxes.queries import anyone_available
from helpdesk.core.refusals import Invalid, NotAllowed, NotFound
from permissions.accounts.models import Agent
from permissions.acts.checks import give
from permissions.acts.vocabulary import Act
from permissions.audit.models import AuditRecord

WEEK = {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "sat": [["22:00", "24:00"]]}


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def change(inbox: Inbox, actor: Agent | None = None, **changes: object) -> Inbox:
    return commands.change_inbox(actor=actor, inbox=inbox, changes=changes)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-23T09:00", True),  # a Monday
        ("2026-11-23T08:59", False),
        ("2026-11-23T12:00", False),
        ("2026-11-23T17:59", True),
        ("2026-11-24T10:00", False),
        ("2026-11-28T23:59", True),
        ("2026-11-29T00:00", False),
    ],
)
def test_it_is_open_within_its_hours_and_zone(cast, moment, open_):
    inbox = change(cast.inbox, opening_hours=WEEK, time_zone="Asia/Shanghai")
    assert inbox.is_open_at(at(moment)) is open_
    assert inbox.is_open_at(at(moment).astimezone(ZoneInfo("America/New_York"))) is open_


def test_without_hours_it_is_always_open(cast):
    assert cast.inbox.is_open_at(at("2026-11-29T03:00"))


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"colour": 7},
        {"colour": "#12345"},
        {"position": "top"},
        {"position": None},
        {"shows_typing": "yes"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"opening_hours": []},
        {"opening_hours": {"monday": []}},
        {"opening_hours": {"mon": [["18:00", "09:00"]]}},
        {"opening_hours": {"mon": [["9:00", "18:00"]]}},
        {"opening_hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}},
        {"opening_hours": {"mon": [["00:00", "00:01"]] * 9}},
        {"opening_hours": {"mon": [["09:00", "18:00", "19:00"]]}},
        {"opening_hours": {"mon": "09:00-18:00"}},
        {"greeting": "x" * 301},
        {"away_text": 7},
        {"name": " "},
        {"signing_secret": "mine"},
        {"id": 1},
    ],
)
def test_what_is_not_as_it_should_be_changes_nothing(cast, changes):
    before = Inbox.objects.values().get(pk=cast.inbox.pk)
    with pytest.raises(Invalid):
        change(cast.inbox, greeting="Good day", **changes) if "greeting" not in changes else change(
            cast.inbox, colour="#0d6e63", **changes
        )
    assert Inbox.objects.values().get(pk=cast.inbox.pk) == before


def test_a_change_is_kept_and_audited_once(cast):
    for _ in range(2):
        found = change(cast.inbox, colour="#A4512F", position="left", opening_hours=WEEK)
    assert (found.colour, found.position, found.opening_hours) == ("#a4512f", "left", WEEK)
    record = AuditRecord.objects.get(verb="inbox.change")
    assert record.detail["before"] == {"colour": "", "position": "right", "opening_hours": {}}


def test_only_who_may_configure_changes_an_inbox(cast):
    with pytest.raises(NotAllowed):
        change(cast.inbox, cast.amy, colour="#000000")
    with pytest.raises(NotFound):
        change(cast.inbox, cast.eve, colour="#000000")
    give([Act.CONFIGURE], cast.amy, cast.inbox)
    Agent.objects.filter(pk=cast.amy.pk).update(authz_version=9)
    cast.amy.refresh_from_db()
    assert change(cast.inbox, cast.amy, colour="#000000").colour == "#000000"


def test_the_database_refuses_what_no_command_would_write(cast):
    for wrong in ({"colour": "red"}, {"position": "top"}, {"time_zone": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Inbox.objects.filter(pk=cast.inbox.pk).update(**wrong)


def test_a_renewed_secret_is_another_one_and_in_no_record(cast):
    old = Inbox.objects.get(pk=cast.inbox.pk).signing_secret
    new = commands.renew_signing_secret(actor=None, inbox=cast.inbox)
    assert old != new != ""
    assert new not in str(AuditRecord.objects.values())
    with pytest.raises(NotAllowed):
        commands.renew_signing_secret(actor=cast.amy, inbox=cast.inbox)


@pytest.mark.parametrize(
    "colour", ["#ffd400", "#0d6e63", "#000000", "#ffffff", "#a4512f", "#0000ff"]
)
def test_every_colour_is_readable(colour):
    from conversations.inboxes.colours import ENOUGH, ON_DARK, ON_LIGHT, _contrast, _parse

    found = shades(colour)
    assert _contrast(_parse(found.ground), _parse(found.ink)) >= ENOUGH
    assert _contrast(_parse(found.light), ON_LIGHT) >= ENOUGH
    assert _contrast(_parse(found.dark), ON_DARK) >= ENOUGH


def test_somebody_is_available_who_may_reply_and_is_there(cast):
    from django.db.models.functions import Now

    from permissions.accounts.models import Attendance

    def arrives(agent: Agent) -> None:
        Attendance.objects.update_or_create(
            agent=agent, defaults={"last_seen_at": Now(), "active_at": Now(), "chosen": "online"}
        )

    assert not anyone_available(cast.inbox)
    arrives(cast.ben)  # may look, not reply
    arrives(cast.eve)  # of another team
    assert not anyone_available(cast.inbox)
    arrives(cast.amy)
    assert anyone_available(cast.inbox)
    change(cast.inbox, opening_hours={"mon": [["00:00", "00:01"]]})
    cast.inbox.refresh_from_db()
    assert not anyone_available(cast.inbox)


def test_the_look_is_a_script_for_host_pages_and_nothing_private(cast, browser):
    change(cast.inbox, colour="#a4512f", position="left", greets_visitors=True)
    answer = browser.get("/chat/shop/look.js")
    script = answer.content.decode()
    assert answer["Content-Type"].startswith("text/javascript")
    assert script.startswith("Tandem.look({")
    for part, there in (('"position": "left"', True), ("Hello!", True), ("secret", False)):
        assert (part in script) is there
    assert "#a4512f" in browser.get("/chat/shop/colours.css").content.decode()
    assert browser.get("/chat/nowhere/look.js").status_code == 404


def test_a_greeting_is_data_in_the_script_whatever_it_says(cast, browser):
    change(cast.inbox, greeting='</script>"); alert(1)//\u2028', greets_visitors=True)
    script = browser.get("/chat/shop/look.js").content.decode()
    assert '\\"); alert(1)//' in script
    assert "\u2028" not in script


def test_the_secret_is_printed_by_a_command_alone(cast, capsys):
    from django.core.management import CommandError, call_command

    def printed(*arguments: str) -> str:
        call_command("signing_secret", "shop", *arguments)
        return capsys.readouterr().out.strip()

    first = printed()
    assert first == cast.inbox.signing_secret
    assert printed("--renew") != first
    with pytest.raises(CommandError):
        call_command("signing_secret", "nowhere")
