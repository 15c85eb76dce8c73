"""The table of tasks, which also holds the trash and the tombstones."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Computed, Identity, Index, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from src.models.base import Table
from src.schemas.category import Category
from src.schemas.due_date import DueDate
from src.schemas.recurrence import Recurrence
from src.schemas.task import Description, Title

_BYTEWISE: Any = Text(collation="C")
"""Text that is compared byte by byte, whatever the locale of the database."""
_BYTEWISE_ARRAY: Any = ARRAY(_BYTEWISE)


class TaskRow(Table, table=True):
    """One row per task. The primary key begins with the owner, so no index finds a task by its id alone.

    `priority` is an index into `PRIORITIES`. `due_date` is the text that the client sent; `due_day` or `due_at` is its
    meaning. Searches read the columns `folded_…`, `category_key` and `tag_keys` are in lower case, and `title_sort_key`
    is the order of titles. `next_task_id` is the next occurrence, once a recurring task was completed. A row with
    `deleted_at` is in the trash (soft delete), unless its `last_event` is `erased`: then the task is permanently
    deleted, and the row is a tombstone from which sync reports the deletion. `revision` and `uid` are unique per owner.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_user_id_revision_key", "user_id", "revision", unique=True),
        Index("tasks_user_id_uid_key", "user_id", "uid", unique=True),
        Index("tasks_user_id_created_at_id_idx", "user_id", "created_at", "id"),
        Index("tasks_trash_idx", "user_id", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=Text)
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    uid: str = Field(sa_column=Column(Uuid(as_uuid=False), server_default=text("gen_random_uuid()"), nullable=False))
    title: Title
    description: Description
    completed: bool = Field(
        sa_column=Column(Boolean, Computed("completed_at IS NOT NULL", persisted=True), nullable=False)
    )
    completed_at: datetime | None
    priority: int = Field(sa_type=SmallInteger, sa_column_kwargs={"server_default": text("2")})
    category: Category
    category_key: str | None = Field(sa_type=_BYTEWISE)
    tags: list[str] = Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})
    tag_keys: list[str] = Field(sa_type=_BYTEWISE_ARRAY, sa_column_kwargs={"server_default": text("'{}'")})
    due_date: DueDate
    due_day: date | None
    due_at: datetime | None
    recurrence: Recurrence
    recurrence_from: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'due_date'")})
    recurrence_tz: str | None = Field(sa_type=Text)
    next_task_id: int | None = Field(sa_type=BigInteger)
    folded_title: str = Field(sa_type=_BYTEWISE, sa_column_kwargs={"server_default": text("''")})
    folded_description: str = Field(sa_type=_BYTEWISE, sa_column_kwargs={"server_default": text("''")})
    folded_tags: str = Field(sa_type=_BYTEWISE, sa_column_kwargs={"server_default": text("''")})
    title_sort_key: str = Field(sa_type=_BYTEWISE, sa_column_kwargs={"server_default": text("''")})
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    last_event: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'created'")})
    revision: int = Field(sa_type=BigInteger)


TASKS = Table.metadata.tables["tasks"]
"""The SQLAlchemy `Table` of `TaskRow`, for access to columns by name."""
