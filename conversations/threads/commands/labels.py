"""What a conversation is about: its tags and its issue type."""

from collections.abc import Sequence
from types import EllipsisType

from django.utils.translation import gettext_lazy as _

from conversations.threads import steps
from conversations.threads.models import MAX_TAGS, Conversation, ConversationId
from helpdesk.core.refusals import Conflict, Invalid
from permissions.accounts.models import Agent
from permissions.acts.command import Step, command
from permissions.acts.vocabulary import Act
from permissions.approvals.gate import require_approval


def set_tags(
    *,
    agent: Agent,
    conversation: ConversationId,
    tags: Sequence[str],
    instead_of: Sequence[str] | EllipsisType = ...,
) -> Conversation:
    """Give it exactly these tags.

    `instead_of` are those the agent saw; Conflict if it has others by now.
    """
    with command("conversation.tag", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.TAG, conversation, agent)
        before = found.tags
        if instead_of is not ... and set(instead_of) != set(before) != set(tags):
            raise Conflict(
                _("Somebody else changed the tags in the meantime. Look at them, then try again."),
                tags=before,
            )
        return _retag(step, found, agent, tags)


def add_tag(*, agent: Agent, conversation: ConversationId, tag: str) -> Conversation:
    """Put one tag on it, whatever others it has."""
    with command("conversation.tag", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.TAG, conversation, agent)
        if tag not in found.tags and len(found.tags) >= MAX_TAGS:
            raise Invalid(_("A conversation has room for %(most)s tags.") % {"most": MAX_TAGS})
        return _retag(step, found, agent, [*found.tags, tag])


def remove_tag(*, agent: Agent, conversation: ConversationId, tag: str) -> Conversation:
    """Take one tag off it, if it has it."""
    with command("conversation.tag", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.TAG, conversation, agent)
        return _retag(step, found, agent, [one for one in found.tags if one != tag])


def _retag(step: Step, found: Conversation, agent: Agent, tags: Sequence[str]) -> Conversation:
    """Give a locked conversation exactly these tags."""
    before = found.tags
    tags = list(dict.fromkeys(tags))
    added = [tag for tag in tags if tag not in before]
    removed = [tag for tag in before if tag not in tags]
    if not added and not removed:
        step.nothing_changed()
        return found
    require_approval(  # a rule about a tag is about putting it on and taking it off, too
        "conversation.tag",
        agent=agent,
        tags=[*before, *added],
        issue_type=found.issue_type,
    )
    step.note(before=before, after=tags)
    found.tags = tags
    found.save(update_fields=["tags"])
    kind = "retagged" if added and removed else "tagged" if added else "untagged"
    now = steps.standing(found).now
    steps.add_event(step, found, kind, author=agent, at=now, added=added, removed=removed)
    steps.save_head(step, found)
    return found


def set_issue_type(
    *,
    agent: Agent,
    conversation: ConversationId,
    issue_type: str,
    instead_of: str | EllipsisType = ...,
) -> Conversation:
    """Say what kind of matter it is; '' for none in particular. `instead_of` as in `set_tags`."""
    with command("conversation.classify", actor=agent, on=None) as step:
        step.on = found = steps.lock_for(Act.CLASSIFY, conversation, agent)
        before = found.issue_type
        if before == issue_type:
            step.nothing_changed()
            return found
        if instead_of is not ... and instead_of != before:
            raise Conflict(
                _("Somebody else changed the issue type in the meantime. Look at it first."),
                issue_type=before,
            )
        require_approval(
            "conversation.classify",
            agent=agent,
            tags=found.tags,
            issue_type=[before, issue_type],
        )
        step.note(before=before, after=issue_type)
        found.issue_type = issue_type
        found.save(update_fields=["issue_type"])
        kind = "classified" if issue_type else "unclassified"
        now = steps.standing(found).now
        steps.add_event(step, found, kind, author=agent, at=now, issue_type=issue_type, old=before)
        steps.save_head(step, found)
        return found
