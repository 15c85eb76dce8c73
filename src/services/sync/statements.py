"""The SQL statements of delta sync and of publish/subscribe."""

from sqlalchemy import BigInteger, Text, any_, bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from src.db.statement import Statement, hidden_parameter
from src.models import TASKS, TaskRow, User
from src.services.owner import HIDDEN_OWNER, OWNER
from src.services.tasks.json import task_columns

CHANNEL = "task_changes"
"""The channel on which processes notify each other of owners whose tasks have changed."""

_owners = bindparam("owners", type_=ARRAY(Text))

_page = (
    select(*task_columns(TASKS), col(TaskRow.last_event))
    .where(col(TaskRow.user_id) == HIDDEN_OWNER, col(TaskRow.revision) > hidden_parameter("since", BigInteger))
    .order_by(col(TaskRow.revision))
    .limit(hidden_parameter("limit", BigInteger))
    .subquery("page")
)
_current = select(col(User.revision), col(User.purged_revision)).where(col(User.id) == OWNER)
_notified = func.unnest(_owners).column_valued("owner")
_payload = bindparam("sender", type_=Text).concat(literal_column("' '")).concat(_notified)

CURRENT_TOKEN = Statement(_current)
"""Reads the owner's revision and purged revision, a `SyncToken`."""

CHANGES = Statement(
    select(*_page.c, col(User.revision).label("owner_revision"), col(User.purged_revision))
    .select_from(User)
    .outerjoin(_page, true())
    .where(col(User.id) == OWNER)
    .order_by(_page.c.revision)
)
"""Reads a page of changes with the owner's revisions in each row; without changes it is one row of nulls."""

REVISIONS_OF_OWNERS = Statement(select(col(User.id), col(User.revision)).where(col(User.id) == any_(_owners)))
"""Reads the revisions of several owners, and no other data."""

NOTIFY_OWNERS = Statement(select(func.pg_notify(literal_column(f"'{CHANNEL}'"), _payload)))
"""Sends one notification for each owner, with the process that sends it."""
