"""Convert a query to the shape of its list statement and to the bind parameters of it."""

from datetime import datetime, timedelta

from src.schemas.query import TaskQuery
from src.schemas.time_zone import day_of, end_of, start_of
from src.services.lists.filters import FILTERS, Values
from src.services.lists.statements import ListShape

_CURSOR_PARAMETERS = {"updated_at": ("after_value",)}
"""The parameters of a cursor by sort key; the other sort keys take both."""


def shape_of(query: TaskQuery) -> ListShape:
    """Return the shape of the statement for a query."""
    return ListShape(
        *query.sorting,
        filters=tuple(name for name, each in FILTERS.items() if each.is_set(query)),
        has_cursor=query.position is not None,
        has_offset=query.effective_offset > 0,
        has_total=query.total,
    )


def list_parameters(query: TaskQuery, shape: ListShape, now: datetime) -> Values:
    """Return the bind parameters of `list_tasks(shape)`. One extra row shows whether there is another page."""
    values: Values = {"limit": query.limit + 1}
    for name in shape.filters:
        values |= FILTERS[name].values(query, now)
    if shape.has_offset:
        values["offset"] = query.effective_offset
    return values | _cursor_parameters(query)


def _cursor_parameters(query: TaskQuery) -> Values:
    if query.position is None:
        return {}
    cursor = {"after_id": query.position.id, "after_value": query.position.value}
    return {name: cursor[name] for name in _CURSOR_PARAMETERS.get(query.sort_key, cursor)}


def due_today(now: datetime, zone: str) -> Values:
    """Return the parameters of `is_overdue` and of "due today": after yesterday, before tomorrow in `zone`."""
    today, day = day_of(now, zone), timedelta(days=1)
    return {
        "now": now,
        "today": today,
        "after": end_of(today - day, zone),
        "after_day": today - day,
        "before": start_of(today + day, zone),
        "before_day": today + day,
    }
