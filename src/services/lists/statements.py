"""Statements that list the tasks of one owner: sort orders and keyset pagination, one statement for each shape."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    all_,
    any_,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlmodel import UTCDateTime, col

from src.db.statement import Statement, hidden_parameter
from src.models import TASKS, TaskRow, User
from src.services.lists.filters import FILTERS, SEARCHED, patterns
from src.services.owner import HIDDEN_OWNER, OWNER
from src.services.tasks.json import task_columns


class ListShape(NamedTuple):
    """The parts of a query that decide the SQL of a list. All else is a bind parameter, so that a generic plan fits."""

    sort: str
    descending: bool
    filters: tuple[str, ...]
    """Names in `FILTERS`."""
    has_cursor: bool
    has_offset: bool
    has_total: bool


def _start_of_day() -> ColumnElement[datetime]:
    """Return the first instant of the due day in the time zone of the list.

    Where a clock change repeats midnight, PostgreSQL takes the second, so that the end of the day before is earlier.
    """
    zone, midnight = hidden_parameter("sort_zone", Text), cast(col(TaskRow.due_day), TIMESTAMP)
    tick: ColumnElement[timedelta] = literal_column("interval '1 microsecond'")
    return func.least(func.timezone(zone, midnight), func.timezone(zone, midnight - tick) + tick)


def _due(*, descending: bool) -> ColumnElement[datetime]:
    """Return the sort key of due dates: a day sorts as its first instant, no due date sorts last in both directions."""
    never = "0001-01-01 00:00" if descending else "9999-12-31 23:59:59.999999"
    return func.coalesce(col(TaskRow.due_at), _start_of_day(), literal_column(f"'{never}+00'::timestamptz"))


def _relevance() -> ColumnElement[int]:
    """Return the sort key of a search: in the title before elsewhere, at the start of words before inside of them."""
    title, terms, starts = col(TaskRow.folded_title), patterns("terms"), patterns("starts")
    found = (title.like(all_(starts)), title.like(all_(terms)), title.like(any_(terms)), SEARCHED.like(all_(starts)))
    ranks: list[Any] = list(zip(found, map(literal_column, "4321"), strict=True))
    return cast(case(*ranks, else_=literal_column("0")), BigInteger)


_KEYS: dict[str, tuple[ColumnElement[Any], Any]] = {
    "created_at": (TASKS.c.created_at, UTCDateTime),
    "updated_at": (TASKS.c.revision, BigInteger),
    "priority": (cast(col(TaskRow.priority), BigInteger), BigInteger),
    "completed": (TASKS.c.completed, Boolean),
    "title": (TASKS.c.title_sort_key, Text),
    "relevance": (_relevance(), BigInteger),
}


def _key(sort: str, *, descending: bool) -> tuple[ColumnElement[Any], Any]:
    """Return the sort key that precedes the id, and its type."""
    return (_due(descending=descending), UTCDateTime) if sort == "due_date" else _KEYS[sort]


def _follows(sort: str, *, descending: bool) -> ColumnElement[bool]:
    """Return the condition that a task comes after the cursor (keyset pagination)."""
    key, type_ = _key(sort, descending=descending)
    value = hidden_parameter("after_value", type_)
    if sort == "updated_at":
        return key < value if descending else key > value
    # Rows are compared, because one range of an index on both columns contains what follows.
    position, after = tuple_(key, TASKS.c.id), tuple_(value, hidden_parameter("after_id", BigInteger))
    return position < after if descending else position > after


def _order(sort: str, *, descending: bool) -> list[Any]:
    """Return the ORDER BY. An owner's revisions are unique and indexed, so they are a total order by themselves."""
    value, _ = _key(sort, descending=descending)
    keys = [value] if sort == "updated_at" else [value, TASKS.c.id]
    return [key.desc() if descending else key.asc() for key in keys]


def value_column(sort: str) -> str:
    """Return the column of a page that has the sort key."""
    return "created_at" if sort == "created_at" else "value"


@lru_cache(maxsize=256)
def list_tasks(shape: ListShape) -> Statement:
    """Build the statement of a page, with the owner's revision: one row for each task, or one row of nulls.

    The rows have no order, because PostgreSQL would sort them a second time after the join (ADR 0069).
    """
    sort, descending = shape.sort, shape.descending
    key, _ = _key(sort, descending=descending)
    matches = [col(TaskRow.user_id) == HIDDEN_OWNER, *(FILTERS[name].clause for name in shape.filters)]
    total = select(func.count()).select_from(TaskRow).where(*matches).scalar_subquery()
    page = (
        select(*task_columns(TASKS), *([] if sort == "created_at" else [key.label("value")]))
        .where(*matches, *([_follows(sort, descending=descending)] if shape.has_cursor else []))
        .order_by(*_order(sort, descending=descending))
        .limit(hidden_parameter("limit", BigInteger))
        .offset(hidden_parameter("offset", BigInteger) if shape.has_offset else None)
        .subquery("page")
    )
    return Statement(
        select(*page.c, col(User.revision).label("owner_revision"))
        .add_columns((total if shape.has_total else null()).label("total"))
        .select_from(User)
        .outerjoin(page, true())
        .where(col(User.id) == OWNER)
    )
