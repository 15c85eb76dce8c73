"""SQLModel tables: the only source of the schema and of Alembic's metadata."""

from src.models.base import Table
from src.models.idempotency_record import IdempotencyRecord
from src.models.task import TASKS, TaskRow
from src.models.user import USERS, User

__all__ = ["TASKS", "USERS", "IdempotencyRecord", "Table", "TaskRow", "User"]
