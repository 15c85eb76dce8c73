"""Index revisions, in whose order sync reads, and the trash, which purge looks for. Writes go on meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _drop()  # what an attempt that failed may have left
        op.create_index(
            "tasks_user_id_revision_key",
            "tasks",
            ["user_id", "revision"],
            unique=True,
            if_not_exists=True,
            postgresql_concurrently=True,
        )
        op.create_index(
            "tasks_trash_idx",
            "tasks",
            ["user_id", "deleted_at"],
            postgresql_where=sa.text("deleted_at IS NOT NULL"),
            if_not_exists=True,
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _drop()


def _drop() -> None:
    for index in ("tasks_trash_idx", "tasks_user_id_revision_key"):
        op.drop_index(index, "tasks", if_exists=True, postgresql_concurrently=True)
