"""The statements of sync and of live updates: what has changed since, and for whom something has."""

from sqlalchemy import BigInteger, Text, any_, bindparam, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from src.db.statement import Statement, hidden_parameter
from src.models import Task, User
from src.services.owner import HIDDEN_OWNER, OWNER
from src.services.task_json import task_columns, task_json

CHANNEL = "task_changes"
"""Where processes tell each other whose tasks have changed."""

_owners = bindparam("owners", type_=ARRAY(Text))

_page = (
    select(*task_columns, col(Task.event))
    .where(col(Task.user_id) == HIDDEN_OWNER, col(Task.revision) > hidden_parameter("since", BigInteger))
    .order_by(col(Task.revision))
    .limit(hidden_parameter("rows", BigInteger))
    .subquery("page")
)
_position = select(col(User.revision), col(User.purged_revision)).where(col(User.id) == OWNER)
_told = func.unnest(_owners).column_valued("owner")
_payload = bindparam("sender", type_=Text).concat(literal_column("' '")).concat(_told)

POSITION = Statement(_position)
"""How far the owner is."""

CHANGES = Statement(
    _position.add_columns(_page.c.revision.label("at"), _page.c.event, task_json(_page).label("json"))
    .select_from(User)
    .outerjoin(_page, true())
    .order_by(_page.c.revision)
)
"""A page of what has changed, and how far the owner was then: one row a task, or one of nulls."""

REVISIONS_OF_OWNERS = Statement(select(col(User.id), col(User.revision)).where(col(User.id) == any_(_owners)))
"""How far several owners are, and nothing that is theirs."""

TELL = Statement(select(func.pg_notify(literal_column(f"'{CHANNEL}'"), _payload)))
"""Tells all who listen whose tasks have changed, and which process says so."""
