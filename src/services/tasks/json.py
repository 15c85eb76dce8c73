"""SQL expressions for the JSON of tasks: PostgreSQL serializes them, so that Python does no work for each task."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, case, cast, func, literal_column, null, select
from sqlmodel import UTCDateTime

from src.models import TASKS
from src.schemas.priority import PRIORITIES
from src.schemas.task import Task
from src.services.owner import OWNER

_next = TASKS.alias("next")


def _object(source: FromClause) -> Iterator[ColumnElement[Any]]:
    for name in Task.model_fields:
        yield literal_column(f"'{name}'")
        yield _wire(name, source.c[name])


def _wire(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if name == "priority":
        return case({number: literal_column(f"'{name}'") for number, name in enumerate(PRIORITIES)}, value=column)
    return _rfc3339(column) if isinstance(column.type, UTCDateTime) else column


def _rfc3339(moment: ColumnElement[Any]) -> ColumnElement[str]:
    utc = func.timezone(literal_column("'UTC'"), moment)
    return func.to_char(utc, literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""))


_next_task = (
    select(func.json_build_object(*_object(_next)))
    .where(_next.c.user_id == OWNER, _next.c.id == TASKS.c.next_task_id, _next.c.deleted_at.is_(None))
    .correlate(TASKS)
    .scalar_subquery()
)


def _with_next_task(next_task: ColumnElement[Any]) -> ColumnElement[str]:
    return cast(func.json_build_object(*_object(TASKS), literal_column("'next_task'"), next_task), Text)


task_json = cast(func.json_build_object(*_object(TASKS)), Text)
detailed_task_json = _with_next_task(_next_task)
# A subquery cannot be correlated to an INSERT, and a new task does not have a next one.
new_task_json = _with_next_task(null())

task_record = (TASKS.c.id, TASKS.c.revision, detailed_task_json.label("json"))
"""The columns that every statement on one task returns."""
new_task_record = (TASKS.c.id, TASKS.c.revision, new_task_json.label("json"))
"""The same for an INSERT."""
