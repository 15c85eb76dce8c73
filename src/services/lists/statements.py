"""Statements that list the tasks of one owner: filters, sort orders and keyset pagination."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Double,
    SmallInteger,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import UTCDateTime, col

from src.db.statement import Statement
from src.models import TASKS, Task, User
from src.services.owner import OWNER
from src.services.tasks.json import task_json

_search = bindparam("search", type_=Text)
_query = func.to_tsquery(literal_column("'simple'"), _search)

_TAGS = func.lower(cast(col(Task.tags), Text))


def is_due(moment: str, day: str, *, before: bool) -> ColumnElement[bool]:
    """Compare a due date with a bound: a time with `moment`, a day with `day`."""
    at, on = bindparam(moment, type_=UTCDateTime), bindparam(day, type_=Date)
    if before:
        return func.coalesce(col(Task.due_at) < at, col(Task.due_day) < on, literal_column("false"))
    return func.coalesce(col(Task.due_at) > at, col(Task.due_day) > on, literal_column("false"))


is_overdue = col(Task.completed_at).is_(None) & is_due("now", "today", before=True)
is_in_trash = col(Task.deleted_at).is_not(None) & (col(Task.last_event) != literal_column("'erased'"))


def _lowercase(name: str) -> ColumnElement[Any]:
    # A subquery, because PostgreSQL evaluates it once; an expression would be evaluated for each row.
    return select(cast(func.lower(cast(bindparam(name, type_=ARRAY(Text)), Text)), ARRAY(Text))).scalar_subquery()


def _unless_null(name: str, type_: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:  # noqa: ANN401 - a type of SQLAlchemy
    """Apply a filter unless its parameter is null; the planner removes filters that are null."""
    return or_(bindparam(name, type_=type_).is_(None), condition)


def _where_clauses() -> list[ColumnElement[bool]]:
    tags = cast(_TAGS, ARRAY(Text))
    return [
        col(Task.user_id) == OWNER,
        case((bindparam("trashed", type_=Boolean), is_in_trash), else_=col(Task.deleted_at).is_(None)),
        col(Task.completed) == any_(bindparam("completions", type_=ARRAY(Boolean))),
        col(Task.priority) == any_(bindparam("priorities", type_=ARRAY(SmallInteger))),
        _unless_null("any_tags", ARRAY(Text), tags.op("&&")(_lowercase("any_tags"))),
        _unless_null("all_tags", ARRAY(Text), tags.op("@>")(_lowercase("all_tags"))),
        _unless_null("search", Text, col(Task.search_vector).op("@@")(_query)),
        _unless_null("before_day", Date, is_due("before", "before_day", before=True)),
        _unless_null("after_day", Date, is_due("after", "after_day", before=False)),
        _unless_null("overdue", Boolean, is_overdue == bindparam("overdue", type_=Boolean)),
        _unless_null("no_due_date", Boolean, col(Task.due_date).is_(None) == bindparam("no_due_date", type_=Boolean)),
    ]


def _due(*, descending: bool) -> ColumnElement[datetime]:
    """Return the sort key of due dates: a day sorts as its start in UTC, no due date sorts last in both directions."""
    day = func.timezone(literal_column("'UTC'"), cast(col(Task.due_day), TIMESTAMP))
    # noon, because asyncpg encodes datetime.min as -infinity
    never = "0001-01-01" if descending else "9999-12-31"
    return func.coalesce(col(Task.due_at), day, literal_column(f"'{never} 12:00+00'::timestamptz"))


_KEYS: dict[str, tuple[ColumnElement[Any], Any]] = {
    "updated_at": (TASKS.c.revision, BigInteger),
    "priority": (cast(col(Task.priority), BigInteger), BigInteger),
    "title": (func.lower(col(Task.title)), Text),
    "relevance": (cast(func.ts_rank(col(Task.search_vector), _query), Double), Double),
}


def _key(sort: str, *, descending: bool) -> tuple[ColumnElement[Any], Any]:
    """Return the sort key that precedes the id, and its type."""
    if sort == "created_at":  # ids ascend with creation, and the primary key index is sorted by them
        return null(), Text
    return (_due(descending=descending), UTCDateTime) if sort == "due_date" else _KEYS[sort]


def _follows(sort: str, *, descending: bool) -> ColumnElement[bool]:
    """Return the condition that a task comes after the cursor (keyset pagination)."""
    task_id = bindparam("after_id", type_=BigInteger)
    by_id = col(Task.id) < task_id if descending else col(Task.id) > task_id
    if sort == "created_at":
        return by_id
    key, type_ = _key(sort, descending=descending)
    value = bindparam("after_value", type_=type_)
    further = key < value if descending else key > value
    if sort == "updated_at":
        return further
    return or_(bindparam("first_page", type_=Boolean), further, and_(key == value, by_id))


def _order(sort: str, value: ColumnElement[Any], task_id: ColumnElement[Any], *, descending: bool) -> list[Any]:
    """Return the ORDER BY. An owner's ids and revisions are unique and indexed, so each is a total order by itself."""
    keys = {"created_at": [task_id], "updated_at": [value]}.get(sort, [value, task_id])
    return [key.desc() if descending else key.asc() for key in keys]


@cache
def list_tasks(sort: str, descending: bool) -> Statement:  # noqa: FBT001 - the two are passed as one pair
    """Build the statement of a page, with the owner's revision: one row for each task, or one row of nulls."""
    key, _ = _key(sort, descending=descending)
    conditions = _where_clauses()
    total = select(func.count()).select_from(Task).where(*conditions).scalar_subquery()
    page = (
        select(col(Task.id), key.label("value"), task_json.label("json"))
        .where(*conditions, _follows(sort, descending=descending))
        .order_by(*_order(sort, key, TASKS.c.id, descending=descending))
        .limit(bindparam("limit", type_=BigInteger))
        .offset(bindparam("offset", type_=BigInteger))
        .subquery("page")
    )
    counted = case((bindparam("counted", type_=Boolean), total)).label("total")
    return Statement(
        select(col(User.revision), counted, page.c.id, page.c.value, page.c.json)
        .select_from(User)
        .outerjoin(page, true())
        .where(col(User.id) == OWNER)
        .order_by(*_order(sort, page.c.value, page.c.id, descending=descending))
    )
