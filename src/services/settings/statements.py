"""Statements on the settings of one owner. A change takes a revision, because the order of lists may depend on it."""

from sqlalchemy import Text, bindparam, literal_column, null, select, update
from sqlmodel import col

from src.db.statement import Statement
from src.models import User
from src.services.owner import OWNER, new_owner

_next_revision = col(User.revision) + literal_column("1")


_stored = new_owner(time_zone=bindparam("time_zone", type_=Text))

READ_SETTINGS = Statement(select(col(User.revision), col(User.time_zone)).where(col(User.id) == OWNER))
STORE_TIME_ZONE = Statement(
    _stored.on_conflict_do_update(
        index_elements=[col(User.id)],
        set_={"revision": _next_revision, "time_zone": _stored.excluded.time_zone},
        where=col(User.time_zone).is_distinct_from(_stored.excluded.time_zone),
    )
)
"""Store another time zone, and create the owner's row if there is none."""
CLEAR_TIME_ZONE = Statement(
    update(User)
    .where(col(User.id) == OWNER, col(User.time_zone).is_not(None))
    .values(revision=_next_revision, time_zone=null())
)
