"""The tasks."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Computed, Identity, Text
from sqlmodel import Field

from src.models.base import Table
from src.schemas.task import Description, Title


class Task(Table, table=True):
    """One row a task. The key begins with the owner, so no index can find a task by its id alone."""

    __tablename__ = "tasks"

    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=Text)
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    title: Title
    description: Description
    completed: bool = Field(
        sa_column=Column(Boolean, Computed("completed_at IS NOT NULL", persisted=True), nullable=False)
    )
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int = Field(sa_type=BigInteger)
