"""What becomes known of who a customer is: by themselves, by the page, by a signed statement.

What a customer or their page tells is written here; what agents change, by `customers`.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from conversations.customers import values
from conversations.customers.events import CustomerChanged
from conversations.customers.kinds import split
from conversations.customers.models import Customer
from conversations.inboxes.models import Inbox
from conversations.intake.commands import new_session, refuse_blocked
from conversations.intake.models import CustomerSession
from conversations.intake.queries import own
from conversations.intake.statements import Identity, read_statement
from conversations.threads import steps
from conversations.threads.models import Conversation, File
from helpdesk.core.limits import spend
from helpdesk.core.refusals import Invalid
from helpdesk.core.text import clean_text, one_line
from permissions.acts.command import Step, command

MOST_ATTRIBUTES = 20
LONGEST_NAME, LONGEST_VALUE = 40, 200  # of one attribute


def leave_contact(*, session: CustomerSession, name: str, email: str) -> Customer:
    """Take the name and the e-mail address under which the team can reach the customer."""
    with command("customer.leave_contact", actor=session.customer, on=session.customer) as step:
        spend("customer details", session.pk)
        conversation = _locked(session)
        customer = Customer.objects.select_for_update(no_key=True).get(pk=session.customer_id)
        refuse_blocked(customer)
        if not (name or email):
            raise Invalid(_("Please leave a name or an e-mail address."))
        if not _know(step, customer, name=name, email=email):
            step.nothing_changed()
        elif conversation is not None:
            _tell_team(step, conversation, customer)
        return customer


def tell_attributes(*, session: CustomerSession, attributes: dict[str, str | None]) -> Customer:
    """Keep what the page around the chat tells of its visitor; None forgets one of them."""
    with command("customer.tell_attributes", actor=session.customer, on=session.customer) as step:
        customer = Customer.objects.select_for_update(no_key=True).get(pk=session.customer_id)
        before = customer.attributes.get("site", {})
        rest, known = split(attributes)
        told = {name: value for name, value in (before | rest).items() if value is not None}
        if len(told) > MOST_ATTRIBUTES:
            raise Invalid(
                _("A visitor has at most %(most)s attributes.") % {"most": MOST_ATTRIBUTES}
            )
        if told == before and not known:
            step.nothing_changed()
            return customer
        spend("customer details", session.pk)
        if not _know(step, customer, **known) and told == before:
            step.nothing_changed()
            return customer
        customer.attributes["site"] = told
        customer.save(update_fields=["attributes"])
        step.note(names=sorted(attributes))
        return customer


def read_attributes(value: Any) -> dict[str, str | None]:
    """Attributes as a page tells them: short names, short values. Raises Invalid."""
    if not isinstance(value, dict) or len(value) > MOST_ATTRIBUTES:
        raise Invalid(_("A visitor has at most %(most)s attributes.") % {"most": MOST_ATTRIBUTES})
    read: dict[str, str | None] = {}
    for name, told in value.items():
        name = one_line(clean_text(name, limit=LONGEST_NAME))
        if isinstance(told, bool | int | float):
            told = str(told).lower() if isinstance(told, bool) else str(told)
        if not name or not isinstance(told, str | None):
            raise Invalid(_("An attribute is a short text, a number, true or false."))
        read[name] = told and one_line(clean_text(told, limit=LONGEST_VALUE), limit=LONGEST_VALUE)
    return read


def identify(
    *, inbox: Inbox, statement: Any, session: CustomerSession | None = None, language: str = ""
) -> tuple[CustomerSession, str]:
    """Believe a signed statement of who is there. Returns the session and, if it is new, its token.

    What a visitor wrote before they were known stays theirs. Who is known as somebody else begins
    a session of their own. Raises IdentityRefused.
    """
    identity = read_statement(inbox, statement)
    with command("customer.identify", actor=None, on=None) as step:
        step.note(inbox=inbox.key)
        stranger = session.customer if session and not session.customer.external_id else None
        step.on = known = _find(inbox, identity, stranger, language)
        changed = _know(step, known, name=identity.name, email=identity.email)
        if session is not None and (stranger or session.customer_id == known.pk):
            if stranger and stranger.pk != known.pk:
                _hand_over(stranger, known)
                changed = True
            session.refresh_from_db()
            conversation = _locked(session) if changed or stranger else None
            if conversation is not None:
                _tell_team(step, conversation, known)
            elif not changed and not stranger:
                step.nothing_changed()
            return session, ""
        last = own(CustomerSession(inbox=inbox, customer=known)).filter(merged_into=None)
        current = last.order_by("-last_activity_at").values_list("pk", flat=True).first()
        return new_session(inbox, known, current)


def _find(inbox: Inbox, identity: Identity, stranger: Customer | None, language: str) -> Customer:
    """The customer of this identity, locked; the stranger becomes it if nobody is yet."""
    known = Customer.objects.select_for_update(no_key=True).filter(
        identified_in=inbox, external_id=identity.id
    )
    if found := known.first():
        return found
    new = Customer(language=language) if stranger is None else stranger
    new.identified_in, new.external_id = inbox, identity.id
    try:
        with transaction.atomic():
            new.save()
        return new
    except IntegrityError:  # another device of theirs was faster
        new.identified_in, new.external_id = None, ""
        return known.get()


def _hand_over(stranger: Customer, known: Customer) -> None:
    """What the stranger wrote was written by the known customer; a block goes along."""
    for model in (Conversation, CustomerSession, File):
        model.objects.filter(customer=stranger).update(customer=known)
    values.carry_over(stranger, known)
    known.attributes = stranger.attributes | known.attributes
    if stranger.is_blocked() and not known.is_blocked():
        known.blocked_at, known.blocked_until = stranger.blocked_at, stranger.blocked_until
        known.blocked_reason = stranger.blocked_reason
    known.save()


def _know(step: Step, customer: Customer, **told: str) -> bool:
    """Store what is told and was not known; what is not told stays. Whether it changed anything."""
    changed = values.store_told(customer, told, by=customer)
    if changed:
        step.note(fields=changed)
        step.tell(CustomerChanged(customer_id=str(customer.pk)))
    return bool(changed)


def _locked(session: CustomerSession) -> Conversation | None:
    """The session's conversation, locked; None before its first message."""
    locked = Conversation.objects.select_for_update(no_key=True)
    return locked.filter(pk=session.conversation_id).first()


def _tell_team(step: Step, conversation: Conversation, customer: Customer) -> None:
    """An event for colleagues alone: their screens show the customer anew."""
    at = steps.standing(conversation).now
    steps.add_event(step, conversation, "introduced", author=customer, at=at)
    steps.save_head(step, conversation)
