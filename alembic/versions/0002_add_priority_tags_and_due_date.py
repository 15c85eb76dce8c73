"""Add priority, tags, due date and search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The version before this one inserts without these columns, and may do so while it still runs.
    op.add_column("tasks", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("2"), nullable=False))
    op.add_column(
        "tasks", sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("tasks", sa.Column("due_date", sa.String(40)))
    op.add_column("tasks", sa.Column("due_day", sa.Date()))
    op.add_column("tasks", sa.Column("due_at", sa.DateTime(timezone=True)))
    # array_to_string is not declared immutable, as the output of some types depends on settings; that of text does not.
    op.execute(r"""
        CREATE FUNCTION tasks_search(title text, description text, tags text[]) RETURNS tsvector
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN to_tsvector('simple', normalize(regexp_replace(
            normalize(title || ' ' || coalesce(description, '') || ' ' || array_to_string(tags, ' '), NFKD),
            '[\u0300-\u036f]', '', 'g'), NFKC))
    """)
    search = sa.Computed("tasks_search(title, description, tags)", persisted=True)
    op.add_column("tasks", sa.Column("search", postgresql.TSVECTOR(), search, nullable=False))


def downgrade() -> None:
    op.drop_column("tasks", "search")
    op.execute("DROP FUNCTION tasks_search(text, text, text[])")
    for column in ("due_at", "due_day", "due_date", "tags", "priority"):
        op.drop_column("tasks", column)
