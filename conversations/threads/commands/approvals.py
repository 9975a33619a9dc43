"""What became of a request for an approval stands on its conversation's timeline."""

import uuid

from conversations.threads import steps
from conversations.threads.models import Conversation
from permissions.acts.command import command
from permissions.approvals.models import Approval, State

ASKERS = (State.WAITING, State.WITHDRAWN)  # states that are the requester's doing


def tell_of_approval(approval_id: uuid.UUID | str) -> None:
    """Say on its timeline how a request stands. Doing it twice, or two at once, says it once."""
    with command("approval.tell", actor=None, on=None) as step:
        step.nothing_changed()  # the records of asking and deciding are there already
        waiting = Approval.objects.untold().filter(pk=approval_id).select_for_update(no_key=True)
        asked = waiting.first()
        if asked is None or asked.conversation_id is None:
            return
        conversations = Conversation.objects.select_for_update(no_key=True)
        found = conversations.filter(pk=asked.conversation_id).first()
        asked.told = asked.state
        asked.save(update_fields=["told"])
        if found is None:
            return
        by = asked.requester if asked.state in ASKERS else asked.approver
        steps.add_event(
            step,
            found,
            f"approval_{asked.state}",
            author=by,
            at=steps.standing(found).now,
            approval=str(asked.pk),
            operation=asked.operation,
        )
        steps.save_head(step, found)
