"""The filters of lists: each is one entry of `FILTERS`, from which both WHERE clauses and bind values come."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    SmallInteger,
    Text,
    all_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import UTCDateTime, col

from src.db.statement import hidden_parameter
from src.errors.invalid import TimeZoneUnknown
from src.models import TASKS, TaskRow
from src.schemas.due_date import is_local_time, parse_due_date, to_instant
from src.schemas.query import TaskQuery
from src.schemas.tags import tag_key
from src.schemas.time_zone import day_of, end_of, start_of

type Values = dict[str, Any]


class Clock(NamedTuple):
    """The time of a request, and its time zone if one is known."""

    now: datetime
    zone: str | None

    @property
    def day_zone(self) -> str:
        """The time zone in which days begin and end."""
        return self.zone or "UTC"


def _no_values(_query: TaskQuery, _clock: Clock) -> Values:
    return {}


class Filter(NamedTuple):
    """A filter of a list. A statement has its clause and its bind parameters only if the query asks for it."""

    is_set: Callable[[TaskQuery], bool]
    clause: ColumnElement[bool]
    values: Callable[[TaskQuery, Clock], Values] = _no_values


def is_due(instant: str, day: str, *, before: bool) -> ColumnElement[bool]:
    """Compare a due date with a bound: an instant with `instant`, a day with `day`."""
    at, on = bindparam(instant, type_=UTCDateTime), bindparam(day, type_=Date)
    if before:
        return func.coalesce(col(TaskRow.due_at) < at, col(TaskRow.due_day) < on, literal_column("false"))
    return func.coalesce(col(TaskRow.due_at) > at, col(TaskRow.due_day) > on, literal_column("false"))


def _bound(due: str, clock: Clock, name: str) -> date | datetime:
    if not is_local_time(due):
        return parse_due_date(due)
    if clock.zone is None:
        raise TimeZoneUnknown(name)
    return parse_due_date(to_instant(due, clock.zone))


def _bounds(bound: date | datetime, zone: str, edge_of: Callable[[date, str], datetime]) -> tuple[datetime, date]:
    """Return the bound for due dates that are instants, and the bound for those that are days."""
    return (bound, day_of(bound, zone)) if isinstance(bound, datetime) else (edge_of(bound, zone), bound)


def _due_before(query: TaskQuery, clock: Clock) -> Values:
    at, on = _bounds(_bound(query.due_before or "", clock, "due_before"), clock.day_zone, start_of)
    return {"before": at, "before_day": on}


def _due_after(query: TaskQuery, clock: Clock) -> Values:
    at, on = _bounds(_bound(query.due_after or "", clock, "due_after"), clock.day_zone, end_of)
    return {"after": at, "after_day": on}


def _now_and_today(_query: TaskQuery, clock: Clock) -> Values:
    return {"now": clock.now, "today": day_of(clock.now, clock.day_zone)}


def _needs_any_tag(query: TaskQuery) -> bool:
    return query.tags_match == "any" and bool(query.tag or query.tags)


def _needs_all_tags(query: TaskQuery) -> bool:
    return query.tags_match == "all" and bool(query.tag or query.tags)


def patterns(name: str) -> ColumnElement[Any]:
    """Return a bind parameter of several LIKE patterns."""
    return cast(hidden_parameter(name, ARRAY(Text)), ARRAY(Text))


SEARCHED = col(TaskRow.folded_title) + col(TaskRow.folded_description) + col(TaskRow.folded_tags)
"""The text in which a search looks; an index for searches must have the same expression."""

is_overdue = col(TaskRow.completed_at).is_(None) & is_due("now", "today", before=True)
is_in_trash = col(TaskRow.deleted_at).is_not(None) & (col(TaskRow.last_event) != literal_column("'erased'"))

_categories = cast(hidden_parameter("categories", ARRAY(Text)), ARRAY(Text))
_tags = cast(hidden_parameter("tags", ARRAY(Text)), ARRAY(Text))
_priorities = cast(hidden_parameter("priorities", ARRAY(SmallInteger)), ARRAY(SmallInteger))

# A value that decides the best plan, such as a boolean, has an entry of its own instead of a parameter.
FILTERS = {
    "live": Filter(lambda query: not query.trashed, col(TaskRow.deleted_at).is_(None)),
    "trashed": Filter(lambda query: query.trashed, is_in_trash),
    "completed": Filter(lambda query: query.completions == [True], TASKS.c.completed),
    "pending": Filter(lambda query: query.completions == [False], ~TASKS.c.completed),
    "contradiction": Filter(lambda query: not query.completions or query.is_wordless, literal_column("false")),
    "priority": Filter(
        lambda query: bool(query.priority),
        col(TaskRow.priority) == any_(_priorities),
        lambda query, _: {"priorities": query.priorities},
    ),
    "category": Filter(
        lambda query: bool(query.category),
        col(TaskRow.category_key) == any_(_categories),
        lambda query, _: {"categories": list(map(tag_key, query.category))},
    ),
    "any_tag": Filter(_needs_any_tag, col(TaskRow.tag_keys).op("&&")(_tags), lambda query, _: {"tags": query.tag_keys}),
    "all_tags": Filter(
        _needs_all_tags, col(TaskRow.tag_keys).op("@>")(_tags), lambda query, _: {"tags": query.tag_keys}
    ),
    "indexable_term": Filter(
        lambda query: bool(query.search and query.parsed_search.indexable),
        SEARCHED.like(hidden_parameter("indexable", Text)),
        lambda query, _: {"indexable": query.parsed_search.indexable},
    ),
    "terms": Filter(
        lambda query: bool(query.search and query.parsed_search.terms),
        SEARCHED.like(all_(patterns("terms"))),
        lambda query, _: {"terms": query.parsed_search.terms},
    ),
    "excluded": Filter(
        lambda query: bool(query.search and query.parsed_search.excluded),
        ~SEARCHED.like(any_(patterns("excluded"))),
        lambda query, _: {"excluded": query.parsed_search.excluded},
    ),
    "due_before": Filter(
        lambda query: query.due_before is not None, is_due("before", "before_day", before=True), _due_before
    ),
    "due_after": Filter(
        lambda query: query.due_after is not None, is_due("after", "after_day", before=False), _due_after
    ),
    "overdue": Filter(lambda query: query.overdue is True, is_overdue, _now_and_today),
    "not_overdue": Filter(lambda query: query.overdue is False, ~is_overdue, _now_and_today),
    "no_due_date": Filter(lambda query: query.no_due_date is True, col(TaskRow.due_date).is_(None)),
    "with_due_date": Filter(lambda query: query.no_due_date is False, col(TaskRow.due_date).is_not(None)),
}
"""All filters by name, in the order in which they stand in a statement."""
