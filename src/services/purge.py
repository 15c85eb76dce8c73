"""Deletes for good what has been in the trash for long, and old answers. It serves the operator, and so all owners."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Text, bindparam, delete, func, literal_column, select, update
from sqlalchemy.orm import Mapped
from sqlmodel import UTCDateTime, col

from src.db.database import Database
from src.db.statement import Statement
from src.models import IdempotencyRecord, Task, User
from src.services.answer_statements import is_expired
from src.services.owner import OWNER

_OWNERS_AT_ONCE = 1000

_is_old_trash = col(Task.deleted_at) < bindparam("before", type_=UTCDateTime)
_old_trash_of_the_owner = (col(Task.user_id) == OWNER, _is_old_trash)


def _purge_trash() -> Statement:
    """A revision is taken, as lists of the trash change; clients that have not seen all that goes must start over."""
    last = select(func.max(col(Task.revision))).where(*_old_trash_of_the_owner).scalar_subquery()
    bump = (
        update(User)
        .where(col(User.id) == OWNER, select(col(Task.id)).where(*_old_trash_of_the_owner).exists())
        .values(
            revision=col(User.revision) + literal_column("1"),
            purged_revision=func.greatest(col(User.purged_revision), last),
        )
        .returning(col(User.id))
        .cte("bump")
    )
    purged = delete(Task).where(*_old_trash_of_the_owner, bump.c.id == OWNER).returning(col(Task.id)).cte("purged")
    return Statement(select(func.count().label("count")).select_from(purged))


def _owners_of(owner: Mapped[str], condition: ColumnElement[bool]) -> Statement:
    """The next owners, in the order of their ids, who have such rows."""
    following = select(owner).distinct().where(condition, owner > bindparam("after", type_=Text))
    return Statement(following.order_by(owner).limit(_OWNERS_AT_ONCE))


OWNERS_OF_OLD_TRASH = _owners_of(col(Task.user_id), _is_old_trash)
OWNERS_OF_EXPIRED_RECORDS = _owners_of(col(IdempotencyRecord.user_id), is_expired)
PURGE_TRASH = _purge_trash()
PURGE_EXPIRED_RECORDS = Statement(
    delete(IdempotencyRecord)
    .where(col(IdempotencyRecord.user_id) == OWNER, is_expired)
    .returning(col(IdempotencyRecord.key))
)


async def purge_trash(database: Database, retention: timedelta) -> int:
    """Delete what has been in the trash for longer, owner by owner, and return how many tasks that were.

    Safe to run while the API serves, from several places at once, and again after it was interrupted.
    """
    before = datetime.now(UTC) - retention
    count = 0
    async for owner in _owners(database, OWNERS_OF_OLD_TRASH, before=before):
        [row] = await database.fetch(PURGE_TRASH, owner=owner, before=before)
        count += row["count"]
    return count


async def purge_answers(database: Database) -> int:
    """Delete answers that are older than 24 hours, owner by owner, and return how many those were; as safe to run."""
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
