"""The statements on many tasks at once, for a transaction that begins by locking the owner."""

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
from src.models import TASKS, Task, User
from src.services.owner import OWNER
from src.services.task_columns import BLANK
from src.services.task_json import detailed_task_json, new_task_json

_now = bindparam("now", type_=UTCDateTime)
_moment = func.clock_timestamp().label("now")
WRITTEN = (*BLANK, "last_event", "deleted_at", "revision")


def _rows(*names: str) -> FromClause:
    """The rows of the parameter `rows`, a JSON array of objects."""
    rows = func.jsonb_to_recordset(cast(bindparam("rows", type_=Text), JSONB))
    columns = [column(name, TASKS.c[name].type) for name in names]
    return rows.table_valued(*columns).render_derived(name="rows", with_types=True)


def _insert_tasks() -> Statement:
    rows = _rows(*WRITTEN)
    names = ("user_id", "created_at", "updated_at", *WRITTEN)
    source = select(OWNER, _now, _now, *(rows.c[name] for name in WRITTEN)).select_from(rows)
    answer = (col(Task.id), col(Task.revision), new_task_json.label("json"))
    return Statement(insert(Task).from_select(names, source).returning(*answer))


def _update_tasks() -> Statement:
    rows = _rows("id", *WRITTEN)
    values: dict[str, Any] = {name: rows.c[name] for name in WRITTEN}
    return Statement(
        update(Task)
        .where(col(Task.user_id) == OWNER, col(Task.id) == rows.c.id)
        .values(updated_at=_now, **values)
        .returning(col(Task.id), col(Task.revision), detailed_task_json.label("json"))
    )


LOCK_OWNER = Statement(
    select(_moment)
    .select_from(User)
    .where(col(User.id) == OWNER)
    .with_for_update(key_share=True)  # as an update would: rows that refer to the owner can be inserted meanwhile
)
LOCK_OR_INTRODUCE_OWNER = Statement(
    insert(User)
    .values(id=OWNER)
    .on_conflict_do_update(index_elements=[col(User.id)], set_={"revision": col(User.revision)})
    .returning(_moment)
)
TAKE_REVISIONS = Statement(
    update(User)
    .where(col(User.id) == OWNER)
    .values(revision=col(User.revision) + bindparam("count", type_=BigInteger))
    .returning(col(User.revision))
)
READ_TASKS = Statement(
    select(col(Task.id), *(TASKS.c[name] for name in WRITTEN), detailed_task_json.label("json")).where(
        col(Task.user_id) == OWNER, col(Task.id) == any_(bindparam("ids", type_=ARRAY(BigInteger)))
    )
)
INSERT_TASKS = _insert_tasks()
UPDATE_TASKS = _update_tasks()
