"""Create users, tasks and idempotency records.

Better Auth may already have created `users` (`user: { modelName: "users" }`), or may adopt it later. So this migration
shares the table: it creates what is missing, and a downgrade never drops it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_or_adopt_users()
    _create_tasks()
    _create_idempotency_records()


def downgrade() -> None:
    op.drop_table("idempotency_records")
    op.drop_table("tasks")
    op.drop_column("users", "time_zone")
    for column in ("task_bytes", "task_count", "purged_revision"):
        op.drop_column("users", column)
    op.drop_column("users", "revision")  # the table stays, because it may hold Better Auth's accounts


def _create_or_adopt_users() -> None:
    now = sa.text("CURRENT_TIMESTAMP")
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("emailVerified", sa.Boolean()),
        sa.Column("image", sa.Text()),
        sa.Column("createdAt", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updatedAt", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
        sa.UniqueConstraint("email", name="users_email_key"),
        if_not_exists=True,
    )
    for column in ("revision", "purged_revision", "task_count", "task_bytes"):
        op.add_column("users", sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("users", sa.Column("time_zone", sa.Text()))
    for column in ("name", "email", "emailVerified"):
        op.alter_column("users", column, nullable=True)  # a row that holds just the id is a user, too


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.String(10_000)),
        sa.Column("completed", sa.Boolean(), sa.Computed("completed_at IS NOT NULL", persisted=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("2"), nullable=False),
        sa.Column("category", sa.String(50)),
        sa.Column("category_key", sa.Text(collation="C")),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("tag_keys", postgresql.ARRAY(sa.Text(collation="C")), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("due_date", sa.String(40)),
        sa.Column("due_day", sa.Date()),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("recurrence", sa.String(500)),
        sa.Column("recurrence_from", sa.Text(), server_default=sa.text("'due_date'"), nullable=False),
        sa.Column("recurrence_tz", sa.Text()),
        sa.Column("next_task_id", sa.BigInteger()),
        *(
            sa.Column(name, sa.Text(collation="C"), server_default=sa.text("''"), nullable=False)
            for name in ("folded_title", "folded_description", "folded_tags", "title_sort_key")
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("last_event", sa.Text(), server_default=sa.text("'created'"), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="tasks_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="tasks_user_id_fkey", ondelete="CASCADE"),
    )
    op.create_index("tasks_user_id_revision_key", "tasks", ["user_id", "revision"], unique=True)
    op.create_index("tasks_user_id_uid_key", "tasks", ["user_id", "uid"], unique=True)
    op.create_index("tasks_user_id_created_at_id_idx", "tasks", ["user_id", "created_at", "id"])
    is_deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("tasks_trash_idx", "tasks", ["user_id", "deleted_at"], postgresql_where=is_deleted)


def _create_idempotency_records() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="idempotency_records_pkey"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="idempotency_records_user_id_fkey", ondelete="CASCADE"),
    )
