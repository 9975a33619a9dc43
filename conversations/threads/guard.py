"""The send guard: no reply goes out blind to what its author had not on the screen."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.threads import queries
from conversations.threads.covering import for_reader
from conversations.threads.models import Conversation, Entry
from helpdesk.core.refusals import Conflict
from permissions.accounts.models import Agent

K = Entry.Kind
# What somebody did that may change an answer; who joins, tags or watches changes none.
TELLING = ("recalled", "edited", "claimed", "assigned", "unassigned", "took_over", "transferred")

# Whether anything came, asked together with the lock: `hold_if_blind` says what.
SOMETHING_CAME = f"""EXISTS (
  SELECT FROM conversations_entry
  WHERE conversation_id = %(conversation)s AND seq > %(seen)s
    AND agent_id IS DISTINCT FROM %(agent)s
    AND (kind <> 'event' OR event ->> 'type' IN ({", ".join(f"'{kind}'" for kind in TELLING)}))
)"""  # noqa: S608 ours


class Held(Conflict):
    """Something came that the author had not read; `since` is what."""

    code = "held"
    sentence = _("Something came in while you were writing. Read it, then send or go on writing.")


def hold_if_blind(conversation: Conversation, agent: Agent, seen: int) -> None:
    """Raise Held for what came after number `seen` of a locked conversation, by anybody else."""
    if seen >= conversation.last_seq:
        return
    since = list(
        conversation.entries.filter(
            Q(kind__in=[K.MESSAGE, K.REPLY, K.NOTE]) | Q(kind=K.EVENT, event__type__in=TELLING),
            seq__gt=seen,
        )
        .exclude(agent=agent)
        .order_by("seq")[: queries.PAGE]
    )
    if since:
        shown = for_reader(agent, conversation, queries.complete(since))
        raise Held(held=True, since=[queries.entry_json(entry) for entry in shown])
