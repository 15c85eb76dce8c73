"""One page of a list, from the rows that its statement returns."""

from typing import NamedTuple

from src.db.pool import Row
from src.schemas.cursor import Position, encode_cursor
from src.schemas.query import TaskQuery


class TaskPage(NamedTuple):
    """Tasks in the order of their query, and the owner's revision at which the list was just so.

    `revision` is None where the list changes by itself, as time goes by. `total` is how many match in all, where
    that was asked for or is known without counting.
    """

    revision: int | None
    tasks: list[str]
    total: int | None
    next_cursor: str | None


def page(rows: list[Row], query: TaskQuery) -> TaskPage:
    """Rows of a page; an owner without tasks that match has one of nulls, a stranger has none."""
    tasks = [row for row in rows if row["id"] is not None]
    shown = tasks[: query.limit]
    more = len(tasks) > query.limit
    whole = query.cursor is None and not query.skipped and not more
    revision, counted = (rows[0]["revision"], rows[0]["total"]) if rows else (0, 0 if query.total else None)
    return TaskPage(
        revision=revision if query.is_timeless else None,
        tasks=[row["json"] for row in shown],
        total=len(shown) if whole else counted,
        next_cursor=encode_cursor(query.sorting, Position(shown[-1]["value"], shown[-1]["id"])) if more else None,
    )
