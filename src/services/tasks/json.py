"""The JSON of tasks: the columns that statements select for it, and how their rows are encoded."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func, literal_column, null, select

from src.db.pool import Row
from src.models import TASKS
from src.schemas.priority import PRIORITIES
from src.schemas.task import Task
from src.services.owner import OWNER

_MEMBERS = list(Task.model_fields)
_Task = msgspec.defstruct("_Task", _MEMBERS, gc=False)
_DetailedTask = msgspec.defstruct("_DetailedTask", [*_MEMBERS, "next_task"], gc=False)
_encode = msgspec.json.Encoder().encode


def task_json(row: Row) -> bytes:
    """Encode a row that begins with `task_columns` as a `schemas.task.Task`."""
    return _encode(_Task(*row[: len(_MEMBERS)]))


def task_array_json(rows: Iterable[Row]) -> bytes:
    """Encode rows that begin with `task_columns` as an array of `schemas.task.Task`."""
    return _encode([_Task(*row[: len(_MEMBERS)]) for row in rows])


def detailed_task_json(row: Iterable[Any]) -> bytes:
    """Encode the values of `detailed_task_columns` as a `schemas.task.DetailedTask`."""
    *members, next_task = row
    return _encode(_DetailedTask(*members, next_task and _Task(*next_task)))


_PRIORITY_NAMES: dict[Any, ColumnElement[str]] = {
    literal_column(str(number)): literal_column(f"'{name}'") for number, name in enumerate(PRIORITIES)
}


_CONVERTED: dict[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "priority": lambda number: case(_PRIORITY_NAMES, value=number),
    "uid": lambda uid: cast(uid, Text),  # as a UUID of Python, it takes eight times as long to encode
}


def task_columns(source: FromClause) -> Iterator[ColumnElement[Any]]:
    """Select the members of a task from a source that has the columns of the table."""
    for name in _MEMBERS:
        column = source.c[name]
        yield _CONVERTED[name](column).label(name) if name in _CONVERTED else column


def _outer(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Refer to a column of the enclosing statement by its text.

    SQLAlchemy would add the table to the subquery's FROM in a RETURNING, where the text means the row itself.
    """
    return literal_column(f"{column.table.name}.{column.name}", type_=column.type)


_next = TASKS.alias("next")
_next_task = (
    select(func.row(*task_columns(_next)))
    .where(_next.c.user_id == OWNER, _next.c.id == _outer(TASKS.c.next_task_id), _next.c.deleted_at.is_(None))
    .scalar_subquery()
)

detailed_task_columns = (*task_columns(TASKS), _next_task.label("next_task"))
"""The columns that every statement on one task returns."""
# The task that a statement creates does not have a next one.
new_task_columns = (*task_columns(TASKS), null().label("next_task"))
"""The same for an INSERT."""
