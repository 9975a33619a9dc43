"""Parts of the pages of people and rights."""

from typing import Any

from django import template
from django.forms import BoundField

register = template.Library()


@register.filter
def boxes(field: BoundField) -> list[tuple[str | None, list[dict[str, Any]]]]:
    """The options of a field of many choices, by group, as its widget would draw them."""
    widget: Any = field.field.widget
    groups = widget.optgroups(field.html_name, [str(one) for one in _values(field)])
    if all(name is None for name, _options, _index in groups):
        options = [option for _name, options, _index in groups for option in options]
        return [(None, options)] if options else []
    return [(name, options) for name, options, _index in groups]


def _values(field: BoundField) -> list[Any]:
    value = field.field.prepare_value(field.value())
    return list(value or ())
