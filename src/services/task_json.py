"""A task as PostgreSQL writes it, so that a page of 1000 costs this process next to nothing."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, literal_column
from sqlmodel import UTCDateTime

from src.models import Table
from src.schemas.priority import PRIORITIES
from src.schemas.task import Task

_columns = Table.metadata.tables["tasks"].c


def _members() -> Iterator[ColumnElement[Any]]:
    for name in Task.model_fields:
        column = _columns[name]
        yield literal_column(f"'{name}'")
        yield _wire(column)


def _wire(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if column is _columns.priority:
        return case({number: literal_column(f"'{name}'") for number, name in enumerate(PRIORITIES)}, value=column)
    return _rfc3339(column) if isinstance(column.type, UTCDateTime) else column


def _rfc3339(moment: ColumnElement[Any]) -> ColumnElement[str]:
    utc = func.timezone(literal_column("'UTC'"), moment)
    return func.to_char(utc, literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""))


task_json = cast(func.json_build_object(*_members()), Text)
