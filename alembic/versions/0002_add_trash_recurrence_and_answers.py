"""Add trash, recurrence, what sync and events tell, and the answers to requests with an idempotency key."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("purged_revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("tasks", sa.Column("recurrence", sa.String(500)))
    op.add_column(
        "tasks", sa.Column("recurrence_from", sa.Text(), server_default=sa.text("'due_date'"), nullable=False)
    )
    op.add_column("tasks", sa.Column("recurrence_tz", sa.Text()))
    op.add_column("tasks", sa.Column("next_id", sa.BigInteger()))
    op.add_column("tasks", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.add_column("tasks", sa.Column("event", sa.Text(), server_default=sa.text("'created'"), nullable=False))
    op.create_table(
        "answers",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="answers_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="answers_user_id_fkey", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("answers")
    op.execute("DELETE FROM tasks WHERE deleted_at IS NOT NULL")  # as the older version does at once
    for column in ("event", "deleted_at", "next_id", "recurrence_tz", "recurrence_from", "recurrence"):
        op.drop_column("tasks", column)
    op.drop_column("users", "purged_revision")
