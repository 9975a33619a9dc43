from django.utils.translation import gettext_lazy as _

from conversations.grants.rights import may
from conversations.modes.floor import Mode, floor_in
from conversations.threads import steps
from conversations.threads.models import Conversation, ConversationId
from helpdesk.core.refusals import Conflict, NotAllowed
from permissions.accounts.models import Agent
from permissions.acts.command import command
from permissions.acts.vocabulary import Act


def may_switch(agent: Agent, conversation: Conversation) -> bool:
    """Supervisors, and whoever is responsible and may answer."""
    if may(agent, Act.SUPERVISE, conversation):
        return True
    return conversation.assignee_id == agent.pk and may(agent, Act.REPLY, conversation)


def switch_mode(*, agent: Agent, conversation: ConversationId, mode: Mode) -> Conversation:
    """Say whose replies go out from now on. The inbox's own mode is followed again."""
    with command("conversation.mode", actor=agent, on=None) as step:
        step.on = found = steps.lock(conversation, agent)
        if not may_switch(agent, found):
            raise NotAllowed(_("Supervisors and whoever is responsible may switch the mode."))
        steps.refuse_merged(found)
        now = steps.standing(found).now
        before = found.floor
        if not before.enabled:
            raise Conflict(_("Working together is switched off for everybody."))
        if before.mode == mode:
            step.nothing_changed()
            return found
        found.mode = "" if mode == before.usual else mode
        found.floor = floor_in(found.inbox_id, found.mode)
        found.save(update_fields=["mode"])
        step.note(before=before.mode.value, after=mode.value)
        steps.add_event(step, found, "mode", author=agent, at=now, mode=mode.value)
        steps.save_head(step, found)
        return found
