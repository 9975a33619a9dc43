import uuid

from django.utils.translation import gettext_lazy as _

from conversations.intake.commands import refuse_blocked
from conversations.intake.models import CustomerSession, Rating
from conversations.intake.queries import last_resolution, own
from conversations.threads import steps
from conversations.threads.models import Conversation
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict, NotFound
from permissions.acts.command import command


def rate(
    *, session: CustomerSession, conversation_id: uuid.UUID, score: int, comment: str
) -> Rating:
    """Say how good the last resolution was, 1 to 5; may be changed until there is another one."""
    with command("conversation.rate", actor=session.customer, on=None) as step:
        mine: list[Conversation] = list(
            own(session).select_for_update(no_key=True).filter(pk=conversation_id)
        )
        if not mine:
            raise NotFound
        step.on = found = mine[0]
        now = steps.standing(found).now
        refuse_blocked(session.customer, now)
        end = last_resolution(found)
        if end is None or end.public_seq is None:
            raise Conflict(_("There is nothing to rate yet."))
        rating, made = Rating.objects.get_or_create(
            conversation=found,
            resolution=end.public_seq,
            defaults={"score": score, "comment": comment, "at": now},
        )
        if not made and (rating.score, rating.comment) == (score, comment):
            step.nothing_changed()
            return rating
        spend("customer details", session.pk)
        rating.score, rating.comment, rating.at = score, comment, now
        rating.save()
        step.note(score=score)
        steps.add_event(
            step,
            found,
            "rated",
            author=session.customer,
            at=now,
            public=True,
            score=score,
            comment=comment,
        )
        steps.save_head(step, found)
        return rating
