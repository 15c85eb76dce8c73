"""Convert a query to the shape of its list statement and to the bind parameters of it."""

from datetime import timedelta

from src.schemas.query import TaskQuery
from src.schemas.time_zone import day_of, end_of, start_of
from src.services.lists.filters import FILTERS, Clock, Values
from src.services.lists.statements import ListShape

_CURSOR_PARAMETERS = {"updated_at": ("after_value",)}
"""The parameters of a cursor by sort key; the other sort keys take both."""

_FULL_NAMES = {"CET": "Europe/Brussels", "EET": "Europe/Athens", "MET": "Europe/Brussels", "WET": "Europe/Lisbon"}
"""Other names of the time zones that PostgreSQL takes for abbreviations of an offset, which never changes."""


def shape_of(query: TaskQuery) -> ListShape:
    """Return the shape of the statement for a query."""
    return ListShape(
        *query.sorting,
        filters=tuple(name for name, each in FILTERS.items() if each.is_set(query)),
        has_cursor=query.position is not None,
        has_offset=query.effective_offset > 0,
        has_total=query.total,
    )


def sort_zone(query: TaskQuery, clock: Clock) -> str | None:
    """Return the time zone in which days are sorted; None for other orders. A cursor has that of its first page."""
    if query.sort_key != "due_date":
        return None
    return clock.day_zone if query.position is None else query.position.zone


def list_parameters(query: TaskQuery, shape: ListShape, clock: Clock) -> Values:
    """Return the bind parameters of `list_tasks(shape)`. One extra row shows whether there is another page."""
    values: Values = {"limit": query.limit + 1}
    for name in shape.filters:
        values |= FILTERS[name].values(query, clock)
    if shape.sort == "due_date" and (zone := sort_zone(query, clock)):
        values["sort_zone"] = _FULL_NAMES.get(zone, zone)
    if shape.sort == "relevance":
        values |= {"terms": query.parsed_search.terms, "starts": query.parsed_search.starts}
    if shape.has_offset:
        values["offset"] = query.effective_offset
    return values | _cursor_parameters(query)


def _cursor_parameters(query: TaskQuery) -> Values:
    if query.position is None:
        return {}
    cursor = {"after_id": query.position.id, "after_value": query.position.value}
    return {name: cursor[name] for name in _CURSOR_PARAMETERS.get(query.sort_key, cursor)}


def due_today(clock: Clock) -> Values:
    """Return the parameters of `is_overdue` and of "due today": after yesterday, before tomorrow in the time zone."""
    zone = clock.day_zone
    today, day = day_of(clock.now, zone), timedelta(days=1)
    return {
        "now": clock.now,
        "today": today,
        "after": end_of(today - day, zone),
        "after_day": today - day,
        "before": start_of(today + day, zone),
        "before_day": today + day,
    }
