"""The table of tasks."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Computed, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlmodel import Field

from src.models.base import Table
from src.schemas.due_date import DueDate
from src.schemas.recurrence import Recurrence
from src.schemas.task import Description, Title


class Task(Table, table=True):
    """One row for each task. The primary key begins with the owner, so no index can find a task by its id alone.

    `priority` is an index into `PRIORITIES`. `due_date` is the text that was sent; `due_day` or `due_at` is its value.
    `next_id` is the task that completing this recurring one created. `event` is the last change. With `deleted_at` the
    task is in the trash (soft-deleted), unless `event` is `erased`: then it is permanently deleted, and the row is a
    tombstone, which sync sends until it is purged. `revision` is unique among the rows of an owner.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_user_id_revision_key", "user_id", "revision", unique=True),
        Index("tasks_trash_idx", "user_id", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=Text)
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    title: Title
    description: Description
    completed: bool = Field(
        sa_column=Column(Boolean, Computed("completed_at IS NOT NULL", persisted=True), nullable=False)
    )
    completed_at: datetime | None
    priority: int = Field(sa_type=SmallInteger, sa_column_kwargs={"server_default": text("2")})
    tags: list[str] = Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})
    due_date: DueDate
    due_day: date | None
    due_at: datetime | None
    recurrence: Recurrence
    recurrence_from: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'due_date'")})
    recurrence_tz: str | None = Field(sa_type=Text)
    next_id: int | None = Field(sa_type=BigInteger)
    search: str = Field(
        sa_column=Column(TSVECTOR, Computed("tasks_search(title, description, tags)", persisted=True), nullable=False)
    )
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    event: str = Field(sa_type=Text, sa_column_kwargs={"server_default": text("'created'")})
    revision: int = Field(sa_type=BigInteger)


TASKS = Table.metadata.tables["tasks"]
"""The same table as a SQLAlchemy `Table`, for access to columns by name."""
