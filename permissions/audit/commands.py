"""What is done with the records themselves. Each of it leaves a record of its own."""

import logging
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from helpdesk.core.limits import spend
from helpdesk.core.refusals import Conflict
from permissions.acts.checks import require_duty
from permissions.acts.command import command
from permissions.acts.vocabulary import Duty
from permissions.audit import head
from permissions.audit.events import CheckAsked
from permissions.audit.models import AuditCheck, AuditRecord, Seal
from permissions.audit.rules import Retention
from permissions.policies.rules import current

logger = logging.getLogger(__name__)


def record_export(*, actor: Any, what: str, filters: dict[str, Any]) -> None:
    """Somebody takes data out. Recorded before the first byte leaves."""
    with command("audit.export", actor=actor, on=None) as step:
        if actor is not None:
            require_duty(actor, Duty.AUDIT)
            spend("exports", actor.pk)
        step.note(what=what, filters=filters)


def ask_check(*, actor: Any) -> AuditCheck:
    """Have all records verified in the background; one check at a time."""
    with command("audit.verify", actor=actor, on=None) as step:
        if actor is not None:
            require_duty(actor, Duty.AUDIT)
        running = AuditCheck.objects.select_for_update().filter(finished_at=None)
        running = running.filter(started_at__gt=Now() - timedelta(hours=1))
        if running.exists():
            raise Conflict(_("The records are being verified already."))
        step.on = check = AuditCheck.objects.create(asked_by=actor)
        step.tell(CheckAsked(check.pk))
        return check


def accept_cut(*, actor: Any, reason: str) -> None:
    """A backup was restored and somebody answers for what is gone: go on from here."""
    with command("audit.accept_cut", actor=actor, on=None) as step:
        try:
            step.note(reason=reason[:500], remembered=head.read())
        except ValueError:
            step.note(reason=reason[:500], remembered="unreadable")
    head.forget()


def expire_records() -> int:
    """Delete sealed records that are older than the rules keep them. Their seals stay."""
    days = current(Retention).days
    if not days:
        return 0
    old = Seal.objects.filter(at__lt=Now() - timedelta(days=days)).order_by("-number").first()
    if old is None or not AuditRecord.objects.filter(id__lte=old.last_id).exists():
        return 0
    with command("audit.expire", actor=None, on=old) as step:
        step.note(through_record=old.last_id, days=days)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('tandem.expired_to', %s, true)", [str(old.last_id)])
            cursor.execute(
                "DELETE FROM permissions_auditrecord WHERE id IN "
                "(SELECT id FROM permissions_auditrecord WHERE id <= %s ORDER BY id LIMIT 20000)",
                [old.last_id],
            )
            deleted = cursor.rowcount
        step.note(records=deleted)
        return deleted
