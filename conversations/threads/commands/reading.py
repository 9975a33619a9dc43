"""How far an agent has read.

Not acts on the conversation: nothing others see changes, so there is neither an audit record nor
an entry.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conversations.threads import ticks
from conversations.threads.events import ReadMarkMoved
from conversations.threads.models import Conversation, ConversationId, Entry, ReadMark, Status
from helpdesk.core import events
from helpdesk.core.refusals import Conflict, NotFound
from permissions.accounts.models import Agent


def mark_read(*, agent: Agent, conversation: ConversationId, seq: int) -> int:
    """Remember how far the agent has read; never goes back. Returns messages read."""
    with transaction.atomic(durable=True):
        found = _find(agent, conversation)
        read = (
            found.messages
            if seq >= found.last_seq
            else found.entries.filter(kind=Entry.Kind.MESSAGE, seq__lte=seq).count()
        )
        mark, created = ReadMark.objects.select_for_update().get_or_create(
            agent=agent, conversation=found, defaults={"seq": seq, "messages": read}
        )
        moved = created or read > mark.messages
        if not created and (seq > mark.seq or moved):
            mark.seq, mark.messages = max(seq, mark.seq), max(read, mark.messages)
            mark.save(update_fields=["seq", "messages"])
        if moved:
            ticks.team_has_read(found, agent, seq)
            _tell(mark)
        return mark.messages


def mark_unread(*, agent: Agent, conversation: ConversationId) -> Conversation:
    """Make the customer's last message unread again, for this agent alone."""
    with transaction.atomic(durable=True):
        found = _find(agent, conversation)
        if found.status == Status.RESOLVED:
            raise Conflict(_("What is resolved is never unread. Reopen it first."))
        last = found.entries.filter(kind=Entry.Kind.MESSAGE).order_by("-seq").first()
        if last is None:
            raise Conflict(_("The customer has not written anything here."))
        mark, created = ReadMark.objects.select_for_update().get_or_create(
            agent=agent, conversation=found
        )
        if created or mark.messages >= found.messages:
            mark.seq, mark.messages = last.seq - 1, found.messages - 1
            mark.save(update_fields=["seq", "messages"])
            _tell(mark, back=True)
        return found


def _find(agent: Agent, conversation: ConversationId) -> Conversation:
    found = Conversation.objects.visible_to(agent).filter(pk=conversation).first()
    if found is None:
        raise NotFound
    return found


def _tell(mark: ReadMark, *, back: bool = False) -> None:
    event = ReadMarkMoved(
        conversation_id=str(mark.conversation_id),
        agent_id=mark.agent_id,
        messages=mark.messages,
        back=back,
    )
    transaction.on_commit(lambda: events.publish(event))
