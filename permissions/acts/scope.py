"""What rights are given on. The floor above names its model here, so this floor knows none."""

from django.db.models import Model

from helpdesk.core.events import Event, event

_model: type[Model] | None = None


def protects(model: type[Model]) -> None:
    """Declare the model whose object permissions are the agents' rights (the inbox)."""
    global _model
    _model = model


def protected_model() -> type[Model]:
    if _model is None:
        raise RuntimeError("no model was declared with protects()")
    return _model


@event
class AccessChanged(Event):
    """What these agents may do changed: sockets and caches ask anew."""

    name = "access.changed"
    agent_ids: tuple[int, ...]
