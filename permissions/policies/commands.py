import dataclasses
import json
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict
from permissions.accounts.models import Agent
from permissions.acts.checks import require_duty
from permissions.acts.command import command
from permissions.policies.events import PolicyChanged
from permissions.policies.models import Policy
from permissions.policies.rules import duty_of, name_of


def change_rules(*, agent: Agent, rules: Any, version: int) -> Policy:
    """Set rules anew. Conflict if somebody changed them since `version` was shown."""
    name = name_of(type(rules))
    with command("policy.change", actor=agent, on=None) as step:
        require_duty(agent, duty_of(type(rules)))
        Policy.objects.get_or_create(name=name)
        policy = Policy.objects.select_for_update(no_key=True).get(name=name)
        step.on = policy
        if policy.version != version:
            who = policy.changed_by or _("Somebody")
            raise Conflict(
                _("%(name)s changed this meanwhile. Look at it again, then save.")
                % {"name": str(who)}
            )
        value = json.loads(json.dumps(dataclasses.asdict(rules)))  # as it is stored
        if value == policy.value:
            step.nothing_changed()
            return policy
        step.note(
            policy=name,
            changed={
                key: {"before": policy.value.get(key), "after": part}
                for key, part in value.items()
                if policy.value.get(key) != part
            },
        )
        policy.value, policy.version = value, version + 1
        policy.changed_by, policy.changed_at = agent, Now()
        policy.save()
        policy.refresh_from_db(fields=["changed_at"])
        step.tell(PolicyChanged(subject=name))
        return policy
