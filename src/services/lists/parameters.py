"""Convert a query to the bind parameters of a list statement."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from src.schemas.cursor import Position
from src.schemas.due_date import parse_due_date
from src.schemas.query import TaskQuery
from src.schemas.search import tsquery
from src.schemas.task import MAX_ID
from src.schemas.time_zone import day_of, end_of, start_of

_CURSOR_PARAMETERS = {"created_at": ("after_id",), "updated_at": ("after_value",)}
"""The parameters of a cursor by sort key; the other sort keys take all three."""


def filter_parameters(query: TaskQuery, now: datetime) -> dict[str, Any]:
    """Return the parameters of the filters; null means that a filter is not set."""
    by_all = query.tags_match == "all"
    before, before_day = _bound(query.due_before, query.tz, start_of)
    after, after_day = _bound(query.due_after, query.tz, end_of)
    return {
        "trashed": query.trashed,
        "completions": query.completions,
        "priorities": query.priorities,
        "any_tags": None if by_all else query.tag_names or None,
        "all_tags": query.tag_names or None if by_all else None,
        "search": tsquery(query.search_text) if query.search_text else None,
        "before": before,
        "before_day": before_day,
        "after": after,
        "after_day": after_day,
        "overdue": query.overdue,
        "no_due_date": query.no_due_date,
        "now": now,
        "today": day_of(now, query.tz),
    }


def due_today(now: datetime, zone: str) -> dict[str, Any]:
    """Return the parameters of `is_overdue` and of "due today": after yesterday, before tomorrow in `zone`."""
    today, day = day_of(now, zone), timedelta(days=1)
    values = filter_parameters(TaskQuery(due_after=str(today - day), due_before=str(today + day), tz=zone), now)
    return {name: values[name] for name in ("now", "today", "before", "before_day", "after", "after_day")}


def pagination_parameters(query: TaskQuery) -> dict[str, Any]:
    """Return the parameters of cursor, limit and offset. One extra row shows whether there is another page."""
    sort, descending = query.sorting
    edge = MAX_ID if descending else 0
    value, task_id = query.position or Position(edge if sort == "updated_at" else None, edge)
    cursor = {"after_id": task_id, "after_value": value, "first_page": query.position is None}
    return {name: cursor[name] for name in _CURSOR_PARAMETERS.get(sort, cursor)} | {
        "limit": query.limit + 1,
        "offset": query.effective_offset,
        "counted": query.total,
    }


def _bound(due: str | None, zone: str, edge_of: Callable[[date, str], datetime]) -> tuple[datetime | None, date | None]:
    """Return the bound for due dates with a time, and the bound for those that are days."""
    if due is None:
        return None, None
    bound = parse_due_date(due)
    return (bound, day_of(bound, zone)) if isinstance(bound, datetime) else (edge_of(bound, zone), bound)
