"""The wire format of tasks and its limits; the table's columns borrow the limits from here."""

from typing import Annotated

from pydantic import MISSING, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from src.schemas.due_date import DueDate
from src.schemas.priority import DEFAULT_PRIORITY, Priority, PriorityName
from src.schemas.tags import Tags
from src.schemas.text import WITHOUT_NUL

MAX_PAGE = 1000

MAX_ID = 2**63 - 1

TaskId = Annotated[int, Field(ge=1, le=MAX_ID)]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=200, pattern=WITHOUT_NUL),
]
Description = Annotated[str | None, Field(max_length=10_000, pattern=WITHOUT_NUL)]


class TaskCreate(BaseModel):
    """A new task. Members that are not listed are ignored, `user_id` among them: the path says whose it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Buy milk", "description": "Two bottles, the fresh one"}]}
    )

    title: Title
    description: Description = None
    completed: bool = False
    priority: Priority = DEFAULT_PRIORITY
    tags: Tags = []
    due_date: DueDate = None


class TaskUpdate(BaseModel):
    """What to change: absent members stay as they are, `null` clears what may be null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy oat milk", "completed": False}]})

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING
    completed: bool | MISSING = MISSING
    priority: Priority | MISSING = MISSING
    tags: Tags | MISSING = MISSING
    due_date: DueDate | MISSING = MISSING


class TaskCompletion(BaseModel):
    """Sets the completion; a body without `completed`, like no body, toggles it."""

    completed: bool | MISSING = MISSING


class Task(BaseModel):
    """A task as every route answers it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 42,
                    "user_id": "k3VbHn0Qm2Xw",
                    "title": "Buy milk",
                    "description": "Two bottles, the fresh one",
                    "completed": True,
                    "completed_at": "2026-11-20T10:00:00.000000Z",
                    "priority": "high",
                    "tags": ["home"],
                    "due_date": "2026-12-01",
                    "created_at": "2026-11-20T09:30:00.000000Z",
                    "updated_at": "2026-11-20T10:00:00.000000Z",
                    "revision": 7,
                }
            ]
        }
    )

    id: Annotated[int, Field(description="Unique for ever; a newer task has a larger one.")]
    user_id: Annotated[str, Field(description="The owner: the user id of Better Auth.")]
    title: str
    description: str | None
    completed: bool
    completed_at: Annotated[AwareDatetime | None, Field(description="When it was completed; null while it is not.")]
    priority: PriorityName
    tags: list[str]
    due_date: Annotated[str | None, Field(description="A day or a moment, as it was sent.")]
    created_at: AwareDatetime
    updated_at: AwareDatetime
    revision: Annotated[int, Field(description="The owner's revision that last changed this task; its ETag.")]


class TaskList(BaseModel):
    """One page of tasks, in the order of the query."""

    tasks: list[Task]
    count: Annotated[int, Field(description="How many tasks this page holds.")]
    total: Annotated[int | None, Field(description="How many match in all, if asked for or known without counting.")]
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page; null on the last.")]
