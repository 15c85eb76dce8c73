"""Statements on one task. Each is restricted to one owner; a test checks them all.

A write takes the owner's next revision in the same statement. This locks the owner's row in `users` before any task, so
that the writes of one owner are serialized: they commit in the order of their revisions and cannot deadlock.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import col

from src.db.statement import Statement
from src.models import TASKS, TaskRow, User
from src.services.owner import OWNER
from src.services.tasks.columns import CREATED, Columns, to_restored, to_tombstone, to_trash
from src.services.tasks.json import detailed_task_columns, new_task_columns

type Condition = ColumnElement[bool]
type Values = Callable[[ColumnElement[datetime]], Columns]
"""Returns the new values of columns for a given time."""


_id = bindparam("id", type_=BigInteger)
_completed = bindparam("completed", type_=Boolean)
_revisions = bindparam("revisions", type_=ARRAY(BigInteger))

_is_the_row = (col(TaskRow.user_id) == OWNER, col(TaskRow.id) == _id)
_is_not_erased = col(TaskRow.last_event) != literal_column("'erased'")
_is_the_task = (*_is_the_row, col(TaskRow.deleted_at).is_(None))
# Optimistic concurrency control (`If-Match`): of two writes that name one revision, the second matches no row.
_matches_revision = or_(_revisions.is_(None), col(TaskRow.revision) == any_(_revisions))
# Completing a recurring task creates the next one, and reopening it may delete that: more than one statement each.
_has_no_next_task = col(TaskRow.next_task_id).is_(None) & or_(
    col(TaskRow.recurrence).is_(None),
    col(TaskRow.completed_at).is_not(None),
    _completed.is_(literal_column("false")),
)

_revision_and_time = (col(User.revision), func.clock_timestamp().label("now"))


def _value(column: str) -> ColumnElement[Any]:
    return bindparam(column, type_=TASKS.c[column].type)


def _revision_of_a_new_task() -> CTE:
    """Take the owner's next revision, and create the owner's row if there is none."""
    return (
        insert(User)
        .values(id=OWNER, revision=literal_column("1"))
        .on_conflict_do_update(
            index_elements=[col(User.id)], set_={"revision": col(User.revision) + literal_column("1")}
        )
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _revision_of_a_task(*conditions: Condition) -> CTE:
    """Take the owner's next revision if a task meets the conditions."""
    return (
        update(User)
        .where(col(User.id) == OWNER, select(col(TaskRow.id)).where(*conditions).exists())
        .values(revision=col(User.revision) + literal_column("1"))
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _create() -> Statement:
    bump = _revision_of_a_new_task()
    values = {
        "user_id": OWNER,
        **{name: _value(name) for name in CREATED},
        # A timestamp in the future is replaced by now, and so is null, which LEAST ignores.
        "completed_at": case((_completed, func.least(_value("completed_at"), bump.c.now))),
        "created_at": func.least(_value("created_at"), bump.c.now),
        "updated_at": bump.c.now,
        "revision": bump.c.revision,
    }
    new = insert(TaskRow).from_select(list(values), select(*values.values()))
    return Statement(new.returning(*new_task_columns))


def _write(*conditions: Condition, values: Values) -> Statement:
    bump = _revision_of_a_task(*conditions)
    changes = {name: null() if value is None else value for name, value in values(bump.c.now).items()}
    return Statement(
        update(TaskRow)
        .where(*conditions)
        .values(updated_at=bump.c.now, revision=bump.c.revision, **changes)
        .returning(*detailed_task_columns)
    )


def _completion(completed: ColumnElement[bool], now: ColumnElement[datetime]) -> Columns:
    event = case(
        (~completed & col(TaskRow.completed_at).is_not(None), literal_column("'reopened'")),
        (completed & col(TaskRow.completed_at).is_(None), literal_column("'completed'")),
        else_=literal_column("'updated'"),
    )
    return {"completed_at": case((completed, func.coalesce(col(TaskRow.completed_at), now))), "last_event": event}


@cache
def update_task(members: frozenset[str]) -> Statement:
    """Build the UPDATE of just these columns, so that concurrent changes of other columns are not lost."""

    def values(now: ColumnElement[datetime]) -> Columns:
        completion = (
            _completion(_completed, now) if "completed" in members else {"last_event": literal_column("'updated'")}
        )
        return {name: _value(name) for name in members - {"completed"}} | completion

    recurrence = (_has_no_next_task,) if "completed" in members else ()
    return _write(*_is_the_task, _matches_revision, *recurrence, values=values)


def _to_complete(now: ColumnElement[datetime]) -> Columns:
    return _completion(func.coalesce(_completed, ~col(TaskRow.completed)), now)


REVISION = Statement(select(col(User.revision)).where(col(User.id) == OWNER))
GET_TASK = Statement(select(*detailed_task_columns).where(*_is_the_task))
CREATE_TASK = _create()
COMPLETE_TASK = _write(*_is_the_task, _matches_revision, _has_no_next_task, values=_to_complete)
TRASH_TASK = _write(*_is_the_task, _matches_revision, values=to_trash)
RESTORE_TASK = _write(
    *_is_the_row, _is_not_erased, _matches_revision, col(TaskRow.deleted_at).is_not(None), values=to_restored
)
DELETE_TASK_PERMANENTLY = _write(*_is_the_row, _is_not_erased, _matches_revision, values=to_tombstone)
