"""The statements on one task. Each is bound to one owner; a test walks them all.

A write takes the owner's next revision in the same statement. That locks the owner's row in `users` first, always: the
writers of one owner queue up there, so revision order is commit order and they cannot deadlock.
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
from src.models import TASKS, Task, User
from src.services.owner import OWNER
from src.services.task_columns import BLANK
from src.services.task_json import detailed_task_json, new_task_json

type Condition = ColumnElement[bool]
type Values = Callable[[ColumnElement[datetime]], dict[str, Any]]
"""What columns become, at a moment."""


_id = bindparam("id", type_=BigInteger)
_completed = bindparam("completed", type_=Boolean)
_revisions = bindparam("revisions", type_=ARRAY(BigInteger))

_is_the_row = (col(Task.user_id) == OWNER, col(Task.id) == _id)
_is_not_erased = col(Task.last_event) != literal_column("'erased'")
_is_the_task = (*_is_the_row, col(Task.deleted_at).is_(None))
# What `If-Match` names; where two writers name the same revision, the second one meets a row that has changed.
_is_known = or_(_revisions.is_(None), col(Task.revision) == any_(_revisions))
# Completing one that recurs makes the next one, which takes more than one statement.
_does_not_recur = or_(
    col(Task.recurrence).is_(None),
    col(Task.completed_at).is_not(None),
    col(Task.next_task_id).is_not(None),
    _completed.is_(literal_column("false")),
)

_revision_and_time = (col(User.revision), func.clock_timestamp().label("now"))


def _value(column: str) -> ColumnElement[Any]:
    return bindparam(column, type_=TASKS.c[column].type)


def _revision_of_a_new_task() -> CTE:
    """The owner's next revision; with the first one the owner's row appears."""
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
    """The owner's next revision; none is taken where no task meets the conditions."""
    return (
        update(User)
        .where(col(User.id) == OWNER, select(col(Task.id)).where(*conditions).exists())
        .values(revision=col(User.revision) + literal_column("1"))
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _create() -> Statement:
    bump = _revision_of_a_new_task()
    names = ("title", "description", "priority", "tags", "due_date", "due_day", "due_at")
    values = {
        "user_id": OWNER,
        **{name: _value(name) for name in (*names, "recurrence", "recurrence_from", "recurrence_tz")},
        "completed_at": case((_completed, bump.c.now)),
        "created_at": bump.c.now,
        "updated_at": bump.c.now,
        "revision": bump.c.revision,
    }
    new = insert(Task).from_select(list(values), select(*values.values()))
    return Statement(new.returning(col(Task.id), col(Task.revision), new_task_json.label("json")))


def _write(*conditions: Condition, values: Values) -> Statement:
    bump = _revision_of_a_task(*conditions)
    return Statement(
        update(Task)
        .where(*conditions)
        .values(updated_at=bump.c.now, revision=bump.c.revision, **values(bump.c.now))
        .returning(col(Task.revision), detailed_task_json.label("json"))
    )


def _completion(completed: ColumnElement[bool], now: ColumnElement[datetime]) -> dict[str, Any]:
    event = case(
        (~completed & col(Task.completed_at).is_not(None), literal_column("'reopened'")),
        (completed & col(Task.completed_at).is_(None), literal_column("'completed'")),
        else_=literal_column("'updated'"),
    )
    return {"completed_at": case((completed, func.coalesce(col(Task.completed_at), now))), "last_event": event}


@cache
def update_task(members: frozenset[str]) -> Statement:
    """Sets just these members, so that what other writers did to the rest stays."""

    def values(now: ColumnElement[datetime]) -> dict[str, Any]:
        completion = (
            _completion(_completed, now) if "completed" in members else {"last_event": literal_column("'updated'")}
        )
        return {name: _value(name) for name in members - {"completed"}} | completion

    recurrence = (_does_not_recur,) if "completed" in members else ()
    return _write(*_is_the_task, _is_known, *recurrence, values=values)


def _to_complete(now: ColumnElement[datetime]) -> dict[str, Any]:
    return _completion(func.coalesce(_completed, ~col(Task.completed)), now)


def _to_trash(now: ColumnElement[datetime]) -> dict[str, Any]:
    return {"deleted_at": now, "last_event": literal_column("'deleted'")}


def _to_restore(_: ColumnElement[datetime]) -> dict[str, Any]:
    return {"deleted_at": null(), "last_event": literal_column("'restored'")}


def _to_erase(now: ColumnElement[datetime]) -> dict[str, Any]:
    blank = {name: null() if value is None else value for name, value in BLANK.items()}
    return blank | {"deleted_at": now, "last_event": literal_column("'erased'")}


REVISION = Statement(select(col(User.revision)).where(col(User.id) == OWNER))
GET_TASK = Statement(select(col(Task.revision), detailed_task_json.label("json")).where(*_is_the_task))
CREATE_TASK = _create()
COMPLETE_TASK = _write(*_is_the_task, _is_known, _does_not_recur, values=_to_complete)
TRASH_TASK = _write(*_is_the_task, _is_known, values=_to_trash)
RESTORE_TASK = _write(*_is_the_row, _is_not_erased, _is_known, col(Task.deleted_at).is_not(None), values=_to_restore)
ERASE_TASK = _write(*_is_the_row, _is_not_erased, _is_known, values=_to_erase)
