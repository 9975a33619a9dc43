"""What rights are given on. The floor above names its model here, so this floor knows none."""

from collections.abc import Callable

from django.db.models import Model

from helpdesk.core.events import Event, event

_model: type[Model] | None = None
_has_exceptions: Callable[[int], bool] | None = None


def protects(model: type[Model], *, exceptions: Callable[[int], bool]) -> None:
    """Declare the model whose object permissions are the agents' rights (the inbox), and how to
    ask whether an agent was given rights on single things beside it."""
    global _model, _has_exceptions
    _model, _has_exceptions = model, exceptions


def protected_model() -> type[Model]:
    if _model is None:
        raise RuntimeError("no model was declared with protects()")
    return _model


def has_exceptions(agent_id: int) -> bool:
    return _has_exceptions is not None and _has_exceptions(agent_id)


@event
class AccessChanged(Event):
    """What these agents may do changed: sockets and caches ask anew."""

    name = "access.changed"
    agent_ids: tuple[int, ...]
