"""What a form was filled in upon: so that nobody overwrites what they have not seen."""

import hashlib
import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from helpdesk.core.refusals import Conflict
from permissions.audit.models import AuditRecord


def fingerprint(state: Any) -> str:
    """A short text that is another for another state."""
    text = json.dumps(state, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def require_unchanged(shown: str | None, state: Any, *, of: Any) -> None:
    """Conflict, with the name of who did it, if this is not the state that was shown. None: the
    system itself, which looked at nothing."""
    if shown is None or shown == fingerprint(state):
        return
    last = history(of).first()
    raise Conflict(
        _("%(name)s changed this meanwhile. Look at it again, then save.")
        % {"name": (last and last.actor_name) or _("Somebody")}
    )


def history(of: Any) -> Any:
    """The audit records of a thing, the latest first."""
    found = AuditRecord.objects.filter(object_kind=of._meta.model_name, object_id=str(of.pk))
    return found.order_by("-pk")
