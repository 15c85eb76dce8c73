"""SQL expressions for the JSON of tasks: PostgreSQL serializes them, so that Python does no work for each task."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func, literal_column, null, select

from src.models import TASKS
from src.schemas.priority import PRIORITIES
from src.schemas.task import Task
from src.services.owner import OWNER

_next = TASKS.alias("next")
_PRIORITY_NAMES: dict[Any, ColumnElement[str]] = {
    literal_column(str(number)): literal_column(f"'{name}'") for number, name in enumerate(PRIORITIES)
}


def _outer(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Refer to a column of the enclosing statement by its text.

    SQLAlchemy would add the table to the subquery's FROM in a RETURNING, where the text means the row itself.
    """
    return literal_column(f"{column.table.name}.{column.name}", type_=column.type)


def _members(source: FromClause) -> Iterator[ColumnElement[Any]]:
    for name in Task.model_fields:
        yield _wire(name, _outer(source.c[name])).label(name)


def _wire(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case(_PRIORITY_NAMES, value=column) if name == "priority" else column


def _object(*members: ColumnElement[Any]) -> ColumnElement[Any]:
    """Serialize a row to a JSON object: times in the time zone of the connection, which is UTC, as RFC 3339."""
    row = select(*members).subquery("task")
    return select(func.row_to_json(row.table_valued())).scalar_subquery()


_next_task = (
    select(_object(*_members(_next)))
    .select_from(_next)
    .where(_next.c.user_id == OWNER, _next.c.id == _outer(TASKS.c.next_task_id), _next.c.deleted_at.is_(None))
    .scalar_subquery()
)


def _with_next_task(next_task: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(_object(*_members(TASKS), next_task.label("next_task")), Text)


def task_json(source: FromClause) -> ColumnElement[str]:
    """Serialize rows of a source that has the columns of `task_columns`."""
    return cast(_object(*_members(source)), Text)


task_columns = tuple(TASKS.c[name] for name in Task.model_fields)
"""The columns that are members of a task."""

detailed_task_json = _with_next_task(_next_task)
# The task that a statement creates does not have a next one.
new_task_json = _with_next_task(null())

task_record = (TASKS.c.id, TASKS.c.revision, detailed_task_json.label("json"))
"""The columns that every statement on one task returns."""
new_task_record = (TASKS.c.id, TASKS.c.revision, new_task_json.label("json"))
"""The same for an INSERT."""
