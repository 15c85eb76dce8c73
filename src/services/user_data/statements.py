"""Statements on all data of one user, in a transaction that first locks the owner (except for the export)."""

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from src.db.statement import Statement
from src.models import TASKS, IdempotencyRecord, TaskRow, User
from src.services.owner import OWNER
from src.services.tasks.json import task_columns

PAGE_SIZE = 100
"""The number of tasks that an export holds in memory."""

_zero: ColumnElement[int] = literal_column("0")
_next_revision = col(User.revision) + literal_column("1")
_is_owned = col(TaskRow.user_id) == OWNER
_is_tombstone = col(TaskRow.last_event) == literal_column("'erased'")
_is_account = or_(
    *(col(column).is_not(None) for column in (User.name, User.email, User.email_verified, User.image))
)  # of Better Auth, which would miss it
_numbered = (
    select(col(TaskRow.id), func.row_number().over(order_by=col(TaskRow.revision)).label("number"))
    .where(_is_owned)
    .subquery("numbered")
)

EXPORT_PAGE = Statement(
    select(*task_columns(TASKS))
    .where(_is_owned, ~_is_tombstone, col(TaskRow.id) > bindparam("after", type_=BigInteger))
    .order_by(col(TaskRow.id))
    .limit(literal_column(str(PAGE_SIZE)))
)
USAGE = Statement(
    select(col(User.revision), col(User.task_count), col(User.task_bytes), col(User.time_zone)).where(
        col(User.id) == OWNER
    )
)
DELETE_RECORDS = Statement(delete(IdempotencyRecord).where(col(IdempotencyRecord.user_id) == OWNER))
DELETE_TASKS = Statement(delete(TaskRow).where(_is_owned))
DELETE_TOMBSTONES = Statement(delete(TaskRow).where(_is_owned, _is_tombstone))
DELETE_OWNER = Statement(delete(User).where(col(User.id) == OWNER, ~_is_account))
EXPIRE_SYNC_TOKENS = Statement(
    update(User)
    .where(col(User.id) == OWNER)
    .values(revision=_next_revision, purged_revision=_next_revision, task_count=_zero, task_bytes=_zero)
)
"""Take a revision before which sync tokens are expired (410), and reset the usage of an owner without tasks."""
READ_UIDS = Statement(select(col(TaskRow.uid)).where(_is_owned))
_is_taken = col(TaskRow.uid) == any_(bindparam("taken", type_=ARRAY(TASKS.c.uid.type)))
MOVE_TASKS = Statement(
    update(TaskRow)
    .where(_is_owned, col(TaskRow.id) == _numbered.c.id)
    .values(
        user_id=bindparam("receiver", type_=Text),
        uid=case((_is_taken, func.gen_random_uuid()), else_=col(TaskRow.uid)),
        revision=bindparam("revision", type_=BigInteger) + _numbered.c.number,
    )
    .returning(col(TaskRow.id))
)
"""Give all tasks of the owner to another one, with new revisions in the order of the old ones.

A task whose uid the receiver has `taken` gets a new one.
"""
RECEIVE_TASKS = Statement(
    update(User)
    .where(col(User.id) == OWNER)
    .values(
        revision=col(User.revision) + bindparam("tasks", type_=BigInteger),
        task_count=col(User.task_count) + bindparam("tasks", type_=BigInteger),
        task_bytes=col(User.task_bytes) + bindparam("bytes", type_=BigInteger),
        time_zone=func.coalesce(col(User.time_zone), bindparam("time_zone", type_=Text)),
    )
)
