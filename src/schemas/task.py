"""The wire format of tasks and its limits; the table's columns borrow the limits from here."""

from typing import Annotated

from pydantic import MISSING, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

MAX_PAGE = 1000

# PostgreSQL's text can hold every character but this one.
WITHOUT_NUL = r"^[^\x00]*$"

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


class TaskUpdate(BaseModel):
    """What to change: absent members stay as they are, `null` clears what may be null."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy oat milk", "completed": False}]})

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING
    completed: bool | MISSING = MISSING


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
    created_at: AwareDatetime
    updated_at: AwareDatetime
    revision: Annotated[int, Field(description="The owner's revision that last changed this task; its ETag.")]


class TaskList(BaseModel):
    """One page of tasks, newest first."""

    tasks: list[Task]
    count: Annotated[int, Field(description="How many tasks this page holds.")]
    total: Annotated[int | None, Field(description="How many match in all, where that is known without counting.")]
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page; null on the last.")]
