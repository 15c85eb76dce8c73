"""Statements that read and write many tasks at once, in a transaction that first locks the owner."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlmodel import UTCDateTime, col

from src.db.statement import Statement
from src.models import TASKS, TaskRow, User
from src.services.owner import OWNER, new_owner
from src.services.quota import stored_bytes
from src.services.tasks.columns import WRITTEN
from src.services.tasks.json import detailed_task_columns, new_task_columns

_now = bindparam("now", type_=UTCDateTime)
_timestamp = func.clock_timestamp().label("now")
_locked = (col(User.time_zone), col(User.task_count), col(User.task_bytes))


def _records(*names: str) -> FromClause:
    """Expand the parameter `records`, a JSON array of objects, to rows; members that are absent are null."""
    records = func.jsonb_to_recordset(cast(bindparam("records", type_=Text), JSONB))
    columns = [column(name, TASKS.c[name].type) for name in names]
    return records.table_valued(*columns).render_derived(name="records", with_types=True)


def _insert_tasks() -> Statement:
    records = _records("created_at", "uid", *WRITTEN)
    names = ("user_id", "created_at", "updated_at", "uid", *WRITTEN)
    created_at = func.least(records.c.created_at, _now)  # null, of a next task too, means now
    uid = func.coalesce(records.c.uid, func.gen_random_uuid())
    source = select(OWNER, created_at, _now, uid, *(records.c[name] for name in WRITTEN)).select_from(records)
    return Statement(insert(TaskRow).from_select(names, source).returning(*new_task_columns))


def _update_tasks() -> Statement:
    records = _records("id", *WRITTEN)
    values: dict[str, Any] = {name: records.c[name] for name in WRITTEN}
    return Statement(
        update(TaskRow)
        .where(col(TaskRow.user_id) == OWNER, col(TaskRow.id) == records.c.id)
        .values(updated_at=_now, **values)
        .returning(*detailed_task_columns)
    )


LOCK_OWNER = Statement(
    select(_timestamp, *_locked)
    .select_from(User)
    .where(col(User.id) == OWNER)
    .with_for_update(key_share=True)  # like an UPDATE, so that rows that refer to the owner can still be inserted
)
LOCK_OR_CREATE_OWNER = Statement(
    new_owner()
    .on_conflict_do_update(index_elements=[col(User.id)], set_={"revision": col(User.revision)})
    .returning(_timestamp, *_locked)
)
TAKE_REVISIONS = Statement(
    update(User)
    .where(col(User.id) == OWNER)
    .values(
        revision=col(User.revision) + bindparam("count", type_=BigInteger),
        task_count=bindparam("tasks", type_=BigInteger),
        task_bytes=bindparam("bytes", type_=BigInteger),
    )
    .returning(col(User.revision))
)
_next = TASKS.alias("next_task")
_next_state = (
    select(func.row(_next.c.last_event, stored_bytes(_next)))
    .where(_next.c.user_id == OWNER, _next.c.id == TASKS.c.next_task_id)
    .correlate(TASKS)
    .scalar_subquery()
)
_uids = bindparam("uids", type_=ARRAY(TASKS.c.uid.type))
_ids_of_uids = select(col(TaskRow.id)).where(col(TaskRow.user_id) == OWNER, col(TaskRow.uid) == any_(_uids))
_ids = func.array_cat(bindparam("ids", type_=ARRAY(BigInteger)), func.array(_ids_of_uids.scalar_subquery()))
READ_TASKS = Statement(
    select(col(TaskRow.id), cast(col(TaskRow.uid), Text).label("uid"), *(TASKS.c[name] for name in WRITTEN))
    .add_columns(_next_state.label("next"), func.row(*detailed_task_columns).label("task"))
    .where(col(TaskRow.user_id) == OWNER, col(TaskRow.id) == any_(_ids))
)
INSERT_TASKS = _insert_tasks()
UPDATE_TASKS = _update_tasks()
