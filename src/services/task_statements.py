"""Every statement on tasks. Each is bound to one owner; a test walks them all.

A write takes the owner's next revision in the same statement. That locks the owner's row in `users` first, always: the
writers of one owner queue up there, so revision order is commit order and they cannot deadlock.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import col

from src.db.statement import Statement
from src.models import Table, Task, User
from src.services.task_json import task_json

_columns = Table.metadata.tables["tasks"].c

_owner = bindparam("owner", type_=Text)
_id = bindparam("id", type_=BigInteger)
_completed = bindparam("completed", type_=Boolean)

_revisions = bindparam("revisions", type_=ARRAY(BigInteger))

_is_the_task = (col(Task.user_id) == _owner, col(Task.id) == _id)
# What `If-Match` names; where two writers name the same revision, the second one meets a row that has changed.
_is_the_known_task = (*_is_the_task, or_(_revisions.is_(None), col(Task.revision) == any_(_revisions)))


_answer = (col(Task.revision), task_json.label("json"))

_revision_and_time = (col(User.revision), func.clock_timestamp().label("now"))


def _value(column: str) -> ColumnElement[Any]:
    return bindparam(column, type_=_columns[column].type)


def _revision_of_a_new_task() -> CTE:
    """The owner's next revision; with the first one the owner's row appears."""
    return (
        insert(User)
        .values(id=_owner, revision=literal_column("1"))
        .on_conflict_do_update(
            index_elements=[col(User.id)], set_={"revision": col(User.revision) + literal_column("1")}
        )
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _revision_of_a_known_task() -> CTE:
    """The owner's next revision; none is taken where the task does not exist, or not as the client knows it."""
    return (
        update(User)
        .where(col(User.id) == _owner, select(col(Task.id)).where(*_is_the_known_task).exists())
        .values(revision=col(User.revision) + literal_column("1"))
        .returning(*_revision_and_time)
        .cte("bump")
    )


def _completed_at(completed: ColumnElement[bool], now: ColumnElement[datetime]) -> ColumnElement[datetime]:
    return case((completed, func.coalesce(col(Task.completed_at), now)))


def _create() -> Statement:
    bump = _revision_of_a_new_task()
    values = {
        "user_id": _owner,
        "title": _value("title"),
        **{name: _value(name) for name in ("description", "priority", "tags", "due_date", "due_day", "due_at")},
        "completed_at": case((_completed, bump.c.now)),
        "created_at": bump.c.now,
        "updated_at": bump.c.now,
        "revision": bump.c.revision,
    }
    new = insert(Task).from_select(list(values), select(*values.values()))
    return Statement(new.returning(col(Task.id), *_answer))


def _complete() -> Statement:
    bump = _revision_of_a_known_task()
    completed = func.coalesce(_completed, ~col(Task.completed))
    return Statement(
        update(Task)
        .where(*_is_the_known_task)
        .values(completed_at=_completed_at(completed, bump.c.now), updated_at=bump.c.now, revision=bump.c.revision)
        .returning(*_answer)
    )


def _delete() -> Statement:
    bump = _revision_of_a_known_task()
    return Statement(delete(Task).where(*_is_the_known_task, bump.c.revision.is_not(None)).returning(col(Task.id)))


@cache
def update_task(members: frozenset[str]) -> Statement:
    """Sets just these members, so that what other writers did to the rest stays."""
    bump = _revision_of_a_known_task()
    values: dict[str, ColumnElement[Any]] = {name: _value(name) for name in members - {"completed"}}
    if "completed" in members:
        values["completed_at"] = _completed_at(_completed, bump.c.now)
    return Statement(
        update(Task)
        .where(*_is_the_known_task)
        .values(**values, updated_at=bump.c.now, revision=bump.c.revision)
        .returning(*_answer)
    )


REVISION = Statement(select(col(User.revision)).where(col(User.id) == _owner))
GET_TASK = Statement(select(*_answer).where(*_is_the_task))
CREATE_TASK = _create()
COMPLETE_TASK = _complete()
DELETE_TASK = _delete()
