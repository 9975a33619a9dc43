"""A condition in SQL: the row is one of those that a table names for an agent.

Said in two ways. *Each* row is looked up in the table: quickest where most rows are shown anyway,
however many the table names. Or the names are read first and lead to their rows along an index:
quickest where few rows are shown. Left to itself PostgreSQL chooses a third, a hash of all names
for every page, because it cannot know how many rows a condition of this kind lets through.
"""

from dataclasses import dataclass

from django.db.models import BooleanField, Func


@dataclass(frozen=True, slots=True)
class Names:
    """The `column` of those rows of a table (called `t`) for which a condition holds."""

    table: str
    column: str
    where: str


class NamedBy(Func):
    """Never null, so that it can be turned round."""

    output_field = BooleanField()
    arity = 1
    _each = "((SELECT true FROM {t} t WHERE t.{c} = %(expressions)s AND {w} LIMIT 1) IS NOT NULL)"
    _read = (
        "(%(expressions)s = ANY (ARRAY(SELECT t.{c} FROM {t} t WHERE t.{c} IS NOT NULL AND {w})))"
    )

    def __init__(self, field: str, names: Names, *, each: bool) -> None:
        template = self._each if each else self._read
        super().__init__(
            field, template=template.format(t=names.table, c=names.column, w=names.where)
        )
