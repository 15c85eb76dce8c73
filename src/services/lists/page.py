"""Build a page of a list from the rows of its statement."""

from operator import itemgetter
from typing import NamedTuple

from src.db.pool import Row
from src.schemas.cursor import Position, encode_cursor
from src.schemas.query import TaskQuery
from src.services.lists.filters import Clock
from src.services.lists.parameters import sort_zone
from src.services.lists.statements import value_column
from src.services.tasks.json import task_array_json


class TaskPage(NamedTuple):
    """Tasks in the order of the query, and the owner's revision at the time of the read.

    `revision` is None if the list depends on the time. `total` is the number of all tasks that match; it is None
    unless the query asked for it or it is known without counting.
    """

    revision: int | None
    tasks: bytes
    """A JSON array of `schemas.task.Task`."""
    task_count: int
    total: int | None
    next_cursor: str | None


def page(rows: list[Row], query: TaskQuery, clock: Clock) -> TaskPage:
    """Convert rows to a page. An owner without matching tasks has one row of nulls, an unknown owner has no row."""
    tasks = _sorted(rows, query) if rows and rows[0]["id"] is not None else []
    shown = tasks[: query.limit]
    more = len(tasks) > query.limit
    is_complete = query.cursor is None and not query.effective_offset and not more
    revision, counted = (rows[0]["owner_revision"], rows[0]["total"]) if rows else (0, 0 if query.total else None)
    return TaskPage(
        revision=revision if query.is_time_independent else None,
        tasks=task_array_json(shown),
        task_count=len(shown),
        total=len(shown) if is_complete else counted,
        next_cursor=_cursor_after(shown[-1], query, clock) if more else None,
    )


def _sorted(rows: list[Row], query: TaskQuery) -> list[Row]:
    """Order the rows as the subquery did, because SQL promises no order after a join, and PostgreSQL sorts slowly."""
    return sorted(rows, key=itemgetter(value_column(query.sort_key), "id"), reverse=query.is_descending)


def _cursor_after(row: Row, query: TaskQuery, clock: Clock) -> str:
    return encode_cursor(query.sorting, Position(row[value_column(query.sort_key)], row["id"], sort_zone(query, clock)))
