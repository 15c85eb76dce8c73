"""Statements on one task. Each is restricted to one owner; a test checks them all.

A write takes the owner's next revision in the same statement. This locks the owner's row in `users` before any task, so
that the writes of one owner are serialized: they commit in the order of their revisions and cannot deadlock.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, partial
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
from src.models import TASKS, USERS, TaskRow, User
from src.schemas.uid import TaskReference
from src.services.owner import OWNER, new_owner
from src.services.quota import COUNTED, stored_bytes
from src.services.tasks.columns import CREATED, Columns, to_restored, to_tombstone, to_trash
from src.services.tasks.json import detailed_task_columns, new_task_columns

type Condition = ColumnElement[bool]
type Values = Callable[[ColumnElement[datetime]], Columns]
"""Returns the new values of columns for a given time."""
type Statements = dict[type[TaskReference], Statement]
"""A statement on a task that its id names (an integer), and the same on one that its uid names (a string)."""
type Room = Callable[[ColumnElement[int], ColumnElement[int]], Iterable[Condition]]
"""Returns conditions on the growth of a task and the bytes that the owner then uses."""


_NONE: ColumnElement[int] = literal_column("0")
_uid = bindparam("uid", type_=TASKS.c.uid.type)
_completed = bindparam("completed", type_=Boolean)
_revisions = bindparam("revisions", type_=ARRAY(BigInteger))
_text_bytes = bindparam("text_bytes", type_=BigInteger)
_max_tasks = bindparam("max_tasks", type_=BigInteger)
_max_bytes = bindparam("max_bytes", type_=BigInteger)

_NAMED_BY: dict[type[TaskReference], Condition] = {
    int: col(TaskRow.id) == bindparam("task", type_=BigInteger),
    str: col(TaskRow.uid) == bindparam("task", type_=TASKS.c.uid.type),
}
_is_not_erased = col(TaskRow.last_event) != literal_column("'erased'")
_is_not_deleted = col(TaskRow.deleted_at).is_(None)
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
    """Take the owner's next revision if the quota allows a task more and no task has its uid.

    An owner without a row, which is created, has no tasks.
    """
    one: ColumnElement[int] = literal_column("1")
    new = new_owner(task_count=one, task_bytes=_text_bytes)
    changed = {
        "revision": col(User.revision) + one,
        "task_count": col(User.task_count) + one,
        "task_bytes": col(User.task_bytes) + new.excluded.task_bytes,
    }
    has_room = (col(User.task_count) < _max_tasks) & (changed["task_bytes"] <= _max_bytes)
    has_uid = select(col(TaskRow.id)).where(col(TaskRow.user_id) == OWNER, col(TaskRow.uid) == _uid).exists()
    new_uid = _uid.is_(None) | ~has_uid
    return (
        new.on_conflict_do_update(index_elements=[col(User.id)], set_=changed, where=has_room & new_uid)
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


def _revision_and_usage(
    *conditions: Condition,
    growth: ColumnElement[int],
    tasks: ColumnElement[int] = _NONE,
    has_room: Room = lambda *_: (),
) -> CTE:
    """Take the owner's next revision if a task meets the conditions, and add the growth of the task to the usage.

    The growth depends on what is stored, so the owner and then the task are locked, which reads their newest versions:
    a snapshot of the time at which the statement began may be outdated (ADR 0060).
    """
    task = (
        select(growth.label("growth"))
        .select_from(User, TaskRow)
        .where(col(User.id) == OWNER, *conditions)
        .with_for_update(key_share=True, of=[USERS, TASKS])  # in this order, or writers could deadlock
        .cte("task")
    )
    usage = col(User.task_bytes) + task.c.growth
    return (
        update(User)
        .where(col(User.id) == OWNER, *has_room(task.c.growth, usage))
        .values(
            revision=col(User.revision) + literal_column("1"),
            task_count=col(User.task_count) + tasks,
            task_bytes=usage,
        )
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _create() -> Statement:
    bump = _revision_of_a_new_task()
    values = {
        "user_id": OWNER,
        "uid": func.coalesce(_uid, func.gen_random_uuid()),
        **{name: _value(name) for name in CREATED},
        # A timestamp in the future is replaced by now, and so is null, which LEAST ignores.
        "completed_at": case((_completed, func.least(_value("completed_at"), bump.c.now))),
        "created_at": func.least(_value("created_at"), bump.c.now),
        "updated_at": bump.c.now,
        "revision": bump.c.revision,
    }
    new = insert(TaskRow).from_select(list(values), select(*values.values()))
    return Statement(new.returning(*new_task_columns))


def _write(*conditions: Condition, values: Values, bump: CTE | None = None) -> Statement:
    bump = _revision_of_a_task(*conditions) if bump is None else bump
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
def update_task(members: frozenset[str]) -> Statements:
    """Build the UPDATE of just these columns, so that concurrent changes of other columns are not lost.

    The uid is compared, and not changed.
    """
    return _by_reference(partial(_update, members))


def _update(members: frozenset[str], *row: Condition) -> Statement:
    def values(now: ColumnElement[datetime]) -> Columns:
        completion = (
            _completion(_completed, now) if "completed" in members else {"last_event": literal_column("'updated'")}
        )
        return {name: _value(name) for name in members - {"completed", "uid"}} | completion

    recurrence = (_has_no_next_task,) if "completed" in members else ()
    same_uid = (col(TaskRow.uid) == _uid,) if "uid" in members else ()
    conditions = (*row, _is_not_deleted, _matches_revision, *recurrence, *same_uid)
    counted = members.intersection(COUNTED)
    return _write(*conditions, values=values, bump=_resized(*conditions, names=counted) if counted else None)


def _resized(*conditions: Condition, names: frozenset[str]) -> CTE:
    return _revision_and_usage(
        *conditions,
        growth=_text_bytes - stored_bytes(TASKS, names),
        has_room=lambda growth, after: [(growth <= literal_column("0")) | (after <= _max_bytes)],
    )


def _to_complete(now: ColumnElement[datetime]) -> Columns:
    return _completion(func.coalesce(_completed, ~col(TaskRow.completed)), now)


def _delete_permanently(*row: Condition) -> Statement:
    conditions = (*row, _is_not_erased, _matches_revision)
    bump = _revision_and_usage(*conditions, growth=-stored_bytes(TASKS), tasks=literal_column("-1"))
    return _write(*conditions, values=to_tombstone, bump=bump)


def _by_reference(build: Callable[..., Statement]) -> Statements:
    """Build a statement from the conditions that find its task."""
    return {kind: build(col(TaskRow.user_id) == OWNER, is_named) for kind, is_named in _NAMED_BY.items()}


REVISION = Statement(select(col(User.revision)).where(col(User.id) == OWNER))
GET_TASK = _by_reference(lambda *row: Statement(select(*detailed_task_columns).where(*row, _is_not_deleted)))
CREATE_TASK = _create()
COMPLETE_TASK = _by_reference(
    lambda *row: _write(*row, _is_not_deleted, _matches_revision, _has_no_next_task, values=_to_complete)
)
TRASH_TASK = _by_reference(lambda *row: _write(*row, _is_not_deleted, _matches_revision, values=to_trash))
RESTORE_TASK = _by_reference(
    lambda *row: _write(
        *row, _is_not_erased, _matches_revision, col(TaskRow.deleted_at).is_not(None), values=to_restored
    )
)
DELETE_TASK_PERMANENTLY = _by_reference(_delete_permanently)
