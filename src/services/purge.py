"""Purge old trash, tombstones and idempotency records of all owners. Run by the operator, never by a request."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, delete, func, literal_column, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import UTCDateTime, col

from src.db.database import Database
from src.db.statement import Statement
from src.models import TASKS, IdempotencyRecord, TaskRow, User
from src.services.bulk.statements import LOCK_OWNER
from src.services.idempotency.statements import is_expired
from src.services.owner import OWNER
from src.services.quota import stored_bytes

_OWNERS_AT_ONCE = 1000

_is_old_trash = col(TaskRow.deleted_at) < bindparam("before", type_=UTCDateTime)
_old_trash_of_the_owner = (col(TaskRow.user_id) == OWNER, _is_old_trash)


def _purge_trash() -> Statement:
    """Build the statement that removes the rows of old trash and tombstones of one owner.

    It takes a revision, because lists of the trash change. Sync tokens below `purged_revision` become invalid.
    The owner must be locked, because the usage is reduced by the tasks that the statement sees.
    """
    is_task = col(TaskRow.last_event) != literal_column("'erased'")
    last, tasks, size = (
        select(aggregate).where(*_old_trash_of_the_owner).scalar_subquery()
        for aggregate in (
            func.max(col(TaskRow.revision)),
            func.count().filter(is_task),
            cast(func.sum(stored_bytes(TASKS)), BigInteger),
        )
    )
    bump = (
        update(User)
        .where(col(User.id) == OWNER, select(col(TaskRow.id)).where(*_old_trash_of_the_owner).exists())
        .values(
            revision=col(User.revision) + literal_column("1"),
            purged_revision=func.greatest(col(User.purged_revision), last),
            task_count=col(User.task_count) - tasks,
            task_bytes=col(User.task_bytes) - size,
        )
        .returning(col(User.id))
        .cte("bump")
    )
    purged = (
        delete(TaskRow).where(*_old_trash_of_the_owner, bump.c.id == OWNER).returning(col(TaskRow.id)).cte("purged")
    )
    return Statement(select(func.count().label("count")).select_from(purged))


def _owners_of(owner: Mapped[str], condition: ColumnElement[bool]) -> Statement:
    """Build the statement that returns the next owners with such rows, in the order of their ids."""
    owners = select(owner).distinct().where(condition, owner > bindparam("after", type_=Text))
    return Statement(owners.order_by(owner).limit(_OWNERS_AT_ONCE))


OWNERS_OF_OLD_TRASH = _owners_of(col(TaskRow.user_id), _is_old_trash)
OWNERS_OF_EXPIRED_RECORDS = _owners_of(col(IdempotencyRecord.user_id), is_expired)
PURGE_TRASH = _purge_trash()
PURGE_EXPIRED_RECORDS = Statement(
    delete(IdempotencyRecord)
    .where(col(IdempotencyRecord.user_id) == OWNER, is_expired)
    .returning(col(IdempotencyRecord.key))
)


async def purge_trash(database: Database, retention: timedelta) -> int:
    """Purge tasks that were deleted longer ago than `retention`, owner by owner, and return their number.

    Safe to run while the API serves requests, concurrently with itself, and again after an interruption.
    """
    before = datetime.now(UTC) - retention
    count = 0
    async for owner in _owners(database, OWNERS_OF_OLD_TRASH, before=before):
        async with database.transaction(owner) as transaction:
            await transaction.fetch(LOCK_OWNER, owner=owner)
            [row] = await transaction.fetch(PURGE_TRASH, owner=owner, before=before)
        count += row["count"]
    return count


async def purge_expired_records(database: Database) -> int:
    """Purge idempotency records older than 24 hours, as safely as `purge_trash`, and return their number."""
    count = 0
    async for owner in _owners(database, OWNERS_OF_EXPIRED_RECORDS):
        count += len(await database.fetch(PURGE_EXPIRED_RECORDS, owner=owner))
    return count


async def _owners(database: Database, statement: Statement, **values: object) -> AsyncIterator[str]:
    after = ""
    while rows := await database.fetch(statement, after=after, **values):
        for row in rows:
            yield row["user_id"]
        after = rows[-1]["user_id"]
