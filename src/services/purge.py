"""Deletes for good what has been in the trash for long. It serves the operator, and so all owners."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Text, bindparam, delete, func, literal_column, select, update
from sqlmodel import UTCDateTime, col

from src.db.database import Database
from src.db.statement import Statement
from src.models import Task, User

_OWNERS_AT_ONCE = 1000

_owner = bindparam("owner", type_=Text)
_is_old = col(Task.deleted_at) < bindparam("before", type_=UTCDateTime)
_old_of_the_owner = (col(Task.user_id) == _owner, _is_old)


def _purge() -> Statement:
    """A revision is taken, as lists of the trash change; clients that have not seen all that goes must start over."""
    last = select(func.max(col(Task.revision))).where(*_old_of_the_owner).scalar_subquery()
    bump = (
        update(User)
        .where(col(User.id) == _owner, select(col(Task.id)).where(*_old_of_the_owner).exists())
        .values(
            revision=col(User.revision) + literal_column("1"),
            purged_revision=func.greatest(col(User.purged_revision), last),
        )
        .returning(col(User.id))
        .cte("bump")
    )
    purged = delete(Task).where(*_old_of_the_owner, bump.c.id == _owner).returning(col(Task.id)).cte("purged")
    return Statement(select(func.count().label("count")).select_from(purged))


OWNERS_OF_OLD_TRASH = Statement(
    select(col(Task.user_id))
    .distinct()
    .where(_is_old, col(Task.user_id) > bindparam("after", type_=Text))
    .order_by(col(Task.user_id))
    .limit(_OWNERS_AT_ONCE)
)
PURGE = _purge()


async def purge(database: Database, retention: timedelta) -> int:
    """Delete what has been in the trash for longer, owner by owner, and return how many tasks that were.

    Safe to run while the API serves, from several places at once, and again after it was interrupted.
    """
    before = datetime.now(UTC) - retention
    count, after = 0, ""
    while owners := await database.fetch(OWNERS_OF_OLD_TRASH, before=before, after=after):
        for owner in owners:
            row = await database.fetch_row(PURGE, owner=owner["user_id"], before=before)
            count += 0 if row is None else row["count"]
        after = owners[-1]["user_id"]
    return count
