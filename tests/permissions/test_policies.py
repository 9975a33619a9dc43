"""Rules that administrators set: typed, versioned, audited."""

from dataclasses import dataclass

import pytest

from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.acts.vocabulary import Duty
from permissions.audit.models import AuditRecord
from permissions.policies import rules as policies
from permissions.policies.commands import change_rules
from permissions.roles.presets import install_roles

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea(monkeypatch):
    """Rules about tea."""
    monkeypatch.setattr(policies, "_subjects", dict(policies._subjects))

    @policies.rules("tea", Duty.SETTINGS)
    @dataclass(frozen=True)
    class Tea:
        sugar: int = 0
        kinds: tuple[str, ...] = ()

    return Tea


@pytest.fixture
def admin(cast):
    cast.amy.groups.add(install_roles()["admin"].group)
    cast.amy.authz_version += 1
    cast.amy.save()
    return cast.amy


def test_defaults_hold_until_somebody_changes_them(tea, admin):
    assert policies.current(tea) == tea()
    policy = change_rules(agent=admin, rules=tea(sugar=2), version=0)
    assert policies.current(tea).sugar == 2
    assert (policy.version, policy.changed_by) == (1, admin)
    record = AuditRecord.objects.get(verb="policy.change")
    assert record.detail["changed"]["sugar"] == {"before": None, "after": 2}


def test_who_saves_an_older_version_is_told_who_changed_it(tea, admin, cast):
    change_rules(agent=admin, rules=tea(sugar=1), version=0)
    with pytest.raises(Conflict, match=str(admin)):
        change_rules(agent=admin, rules=tea(sugar=3), version=0)
    assert policies.current(tea).sugar == 1


def test_saving_the_same_again_is_no_change(tea, admin):
    change_rules(agent=admin, rules=tea(sugar=1), version=0)
    assert change_rules(agent=admin, rules=tea(sugar=1), version=1).version == 1
    assert AuditRecord.objects.filter(verb="policy.change").count() == 1


def test_only_those_with_the_duty_may(tea, cast):
    with pytest.raises(NotAllowed):
        change_rules(agent=cast.ben, rules=tea(sugar=1), version=0)
    assert policies.current(tea) == tea()


@pytest.mark.parametrize("value", [{"milk": 1}, {"sugar": 2, "milk": 1}, {}])
def test_what_an_older_release_stored_does_not_matter(tea, value):
    policies.Policy.objects.create(name="tea", value=value)
    assert policies.current(tea).sugar == value.get("sugar", 0)
