"""Who has read what, as the other side may know it: two public numbers that only grow."""

from django.db import transaction
from django.db.models import Max

from conversations.grants.rights import may
from conversations.threads.events import CustomerHasRead, TeamHasRead
from conversations.threads.models import Conversation, Entry
from helpdesk.core import events
from permissions.accounts.models import Agent
from permissions.acts.vocabulary import Act


def team_has_read(conversation: Conversation, agent: Agent, seq: int) -> None:
    """An agent has the customer's messages up to `seq` before their eyes.

    Told of messages alone, so that neither a note nor who read, or how often, can be inferred;
    and only when somebody read who may answer: an auditor's look is nobody's business.
    """
    if not may(agent, Act.REPLY, conversation):
        return
    messages = conversation.entries.filter(kind=Entry.Kind.MESSAGE, seq__lte=seq)
    read = messages.aggregate(last=Max("public_seq"))["last"] or 0
    if _raise(conversation, team_read=read):
        _tell(TeamHasRead(conversation_id=str(conversation.pk), public_seq=read))


def customer_has_read(conversation: Conversation, public_seq: int) -> None:
    """The customer has everything up to `public_seq` before their eyes."""
    read = min(public_seq, conversation.last_public_seq)
    if _raise(conversation, customer_read=read):
        _tell(CustomerHasRead(conversation_id=str(conversation.pk), public_seq=read))


def _raise(conversation: Conversation, **mark: int) -> bool:
    ((name, read),) = mark.items()
    behind = Conversation.objects.filter(pk=conversation.pk, **{f"{name}__lt": read})
    return behind.update(**mark) > 0


def _tell(event: events.Event) -> None:
    transaction.on_commit(lambda: events.publish(event))
