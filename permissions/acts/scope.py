"""What rights are given on. The floor above names its model here, so this floor knows none."""

from collections.abc import Callable

from django.db.models import Model

from helpdesk.core.events import Event, event

_model: type[Model] | None = None
_exceptions: Callable[[int], int] | None = None


def protects(model: type[Model], *, exceptions: Callable[[int], int]) -> None:
    """Declare the model whose object permissions are the agents' rights (the inbox), and how to
    ask how many rights an agent was given on single things beside it."""
    global _model, _exceptions
    _model, _exceptions = model, exceptions


def protected_model() -> type[Model]:
    if _model is None:
        raise RuntimeError("no model was declared with protects()")
    return _model


def exceptions_of(agent_id: int) -> int:
    return _exceptions(agent_id) if _exceptions else 0


@event
class AccessChanged(Event):
    """What these agents may do changed: sockets and caches ask anew."""

    name = "access.changed"
    agent_ids: tuple[int, ...]
