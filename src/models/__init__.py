"""SQLModel tables: the one source of the schema and of Alembic's metadata."""

from src.models.answer import Answer
from src.models.base import Table
from src.models.task import TASKS, Task
from src.models.user import User

__all__ = ["TASKS", "Answer", "Table", "Task", "User"]
