"""The tasks."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Computed, Identity, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlmodel import Field

from src.models.base import Table
from src.schemas.due_date import DueDate
from src.schemas.task import Description, Title


class Task(Table, table=True):
    """One row a task. The key begins with the owner, so no index can find a task by its id alone.

    `priority` is its place in `PRIORITIES`. `due_date` is what was sent; `due_day` or `due_at` is what that means.
    """

    __tablename__ = "tasks"

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
    search: str = Field(
        sa_column=Column(TSVECTOR, Computed("tasks_search(title, description, tags)", persisted=True), nullable=False)
    )
    created_at: datetime
    updated_at: datetime
    revision: int = Field(sa_type=BigInteger)
