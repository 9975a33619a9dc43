"""Taking a conversation out of the house: recorded, and approved first where a rule says so."""

from datetime import timedelta

from django.db.models.functions import Now

from conversations.grants.rights import require_act
from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId, ExportPass
from helpdesk.core.refusals import NotAllowed
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import ApprovalNeeded, approval_of, require_approval

EXPORT = "data.export"
HELD = timedelta(hours=1)  # in which an approved export can be fetched, once


def export(*, agent: Agent, conversation: ConversationId, format: str) -> Conversation:
    """Let the agent have the transcript. A pass from an approval is used up by it."""
    with command("conversation.export", actor=agent, on=None) as step:
        step.on = found = _lock(conversation, agent)
        try:
            require_approval(EXPORT, agent=agent, tags=found.tags, issue_type=found.issue_type)
        except ApprovalNeeded:
            if not _use_pass(step, found, agent):
                raise
        step.note(format=format, entries=found.last_seq)
        return found


def allow_export(*, agent: Agent, conversation: ConversationId) -> ExportPass:
    """A colleague approved it: the agent may fetch the transcript once."""
    with command("conversation.allow_export", actor=agent, on=None) as step:
        step.on = found = _lock(conversation, agent)
        approval = approval_of(EXPORT)
        if approval is None:
            raise NotAllowed
        return ExportPass.objects.create(
            conversation=found,
            agent=agent,
            approval=approval.pk,
            expires_at=steps.standing(found).now + HELD,
        )


def _lock(conversation: ConversationId, agent: Agent) -> Conversation:
    """Also what was merged into another one: its entries stay where they were."""
    found = steps.lock(conversation, agent)
    try:
        require_act(agent, Act.EXPORT, found)
    except NotAllowed as refusal:
        refusal.on = found
        raise
    return found


def _use_pass(step: Step, found: Conversation, agent: Agent) -> bool:
    """Under the conversation's lock, so that no pass is used twice."""
    passes = ExportPass.objects.filter(conversation=found, agent=agent, used_at=None)
    one = passes.filter(expires_at__gt=Now()).order_by("expires_at").first()
    if one is None:
        return False
    one.used_at = steps.standing(found).now
    one.save(update_fields=["used_at"])
    step.note(approval=str(one.approval))
    return True
