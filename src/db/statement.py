"""SQL statements that are written with SQLModel and compiled once."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, SelectBase, UpdateBase, bindparam, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.selectable import ScalarSelect
from sqlalchemy.sql.visitors import iterate

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects' constructors untyped


class Statement:
    """A SQLModel or SQLAlchemy construct, compiled for asyncpg.

    A value that varies between calls is a `bindparam("name")` in the construct and a keyword argument of `fetch` and
    `fetch_row`. asyncpg encodes the values and decodes the rows; SQLAlchemy converts nothing.
    """

    def __init__(self, construct: ClauseElement) -> None:
        self.construct = construct
        compiled = construct.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self.is_read_only = isinstance(construct, SelectBase) and not _writes(construct)
        """Whether a retry is safe after a lost connection: a SELECT without an INSERT, UPDATE or DELETE in it."""
        self._names: list[str] = getattr(compiled, "positiontup", None) or []
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._variables = set(self._names) - self._constants.keys()

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Put the values of the bind parameters into the order of `$1`, `$2`, and so on.

        Raises:
            KeyError: A bind parameter has no value, or a value has no bind parameter.
        """
        if values.keys() != self._variables:
            raise KeyError(*values.keys() ^ self._variables)
        by_name = {**self._constants, **values}
        return [by_name[name] for name in self._names]


def hidden_parameter(name: str, type_: Any) -> ScalarSelect[Any]:  # noqa: ANN401 - a type of SQLAlchemy
    """Return a bind parameter whose value the planner does not see, so that PostgreSQL keeps a generic plan.

    A custom plan for a known LIMIT or cursor would look cheaper than the generic one, and be made for each execution.
    """
    return select(bindparam(name, type_=type_)).scalar_subquery()


def _writes(construct: ClauseElement) -> bool:
    return any(isinstance(part, UpdateBase) for part in iterate(construct))
