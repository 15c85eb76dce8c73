"""What a query means for the bind parameters of a list."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from src.schemas.cursor import Position, decode_cursor
from src.schemas.due_date import parse_due_date
from src.schemas.query import TaskQuery
from src.schemas.search import tsquery
from src.schemas.task import MAX_ID
from src.schemas.time_zone import start_of

_TICK = timedelta(microseconds=1)


def conditions_of(query: TaskQuery) -> dict[str, Any]:
    """The conditions; null is none."""
    now = datetime.now(UTC)
    by_all = query.tags_match == "all"
    before, before_day = _bound(query.due_before, query.tz, 0)
    after, after_day = _bound(query.due_after, query.tz, 1)
    return {
        "completions": query.completions,
        "priorities": query.priorities,
        "any_tags": None if by_all else query.tag_names or None,
        "all_tags": query.tag_names or None if by_all else None,
        "search": tsquery(query.words) if query.words else None,
        "before": before,
        "before_day": before_day,
        "after": after and after - _TICK,
        "after_day": after_day,
        "overdue": query.overdue,
        "no_due_date": query.no_due_date,
        "now": now,
        "today": now.astimezone(ZoneInfo(query.tz)).date(),
    }


def page_of(query: TaskQuery) -> dict[str, Any]:
    """Where the page begins and ends. One row more than asked for tells whether another page follows.

    Raises:
        InvalidCursor: The cursor is none of ours.
    """
    sort, descending = query.sorting
    start = Position(None, MAX_ID if descending else 0)
    position = start if query.cursor is None else decode_cursor(query.sorting, query.cursor)
    keyed = {} if sort == "created_at" else {"after_value": position.value, "first_page": query.cursor is None}
    return keyed | {
        "after_id": position.id,
        "rows": query.limit + 1,
        "offset": query.skipped,
        "counted": query.total,
    }


def _bound(due: str | None, zone: str, days: int) -> tuple[datetime | None, date | None]:
    """A bound for moments and one for days; that of a whole day lies so many days after its beginning."""
    if due is None:
        return None, None
    bound = parse_due_date(due)
    if isinstance(bound, datetime):
        return bound + days * _TICK, bound.astimezone(ZoneInfo(zone)).date()
    return start_of(bound + timedelta(days=days), zone), bound
