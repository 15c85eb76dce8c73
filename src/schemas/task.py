"""The wire format of tasks and its limits, which the columns of the table share."""

from typing import Annotated, Self

from pydantic import MISSING, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from src.schemas.category import Category
from src.schemas.due_date import DueDate
from src.schemas.priority import DEFAULT_PRIORITY, Priority, PriorityName
from src.schemas.recurrence import Recurrence, RecurrenceFrom
from src.schemas.spellings import Spelled, spelling_key
from src.schemas.tags import Tags
from src.schemas.text import NO_NUL_PATTERN
from src.schemas.time_zone import TimeZone
from src.schemas.timestamp import Timestamp
from src.schemas.uid import Uid

MAX_PAGE = 1000

Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(min_length=1, max_length=200, pattern=NO_NUL_PATTERN),
]
Description = Annotated[str | None, Field(max_length=10_000, pattern=NO_NUL_PATTERN)]
RecurrenceTimeZone = Annotated[
    TimeZone | None,
    Field(description="The time zone of the rule; null or absent means that of the request or the user, if known."),
]
RequestTimeZone = Annotated[
    TimeZone | None,
    Field(exclude=True, description="The time zone of this request, like the parameter `tz`; it is not stored."),
]


class TaskCreate(Spelled):
    """A new task. Unknown members are ignored, `user_id` among them, because the path names the owner."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Buy milk", "description": "Two bottles, the fresh one"}]}
    )

    title: Title
    description: Description = None
    completed: bool = False
    priority: Priority = DEFAULT_PRIORITY
    category: Category = None
    tags: Tags = []  # noqa: RUF012 - pydantic copies it
    due_date: DueDate = None
    recurrence: Recurrence = None
    recurrence_from: RecurrenceFrom = "due_date"
    recurrence_tz: RecurrenceTimeZone = None
    tz: RequestTimeZone = None
    uid: Annotated[
        Uid | None,
        Field(description="A UUID that the client chooses, best of version 7; by default the API makes one."),
    ] = None
    created_at: Annotated[
        Timestamp, Field(description="When the task was created elsewhere, for imports; by default now.")
    ] = None
    completed_at: Annotated[
        Timestamp, Field(description="When it was completed, for imports; implies `completed`. By default now.")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _ignore_the_uid_of_a_copy(cls, members: object) -> object:
        """Ignore the uid of a task with a revision above 0, which a client took from a response to duplicate it."""
        if not isinstance(members, dict) or members.keys() <= cls.__pydantic_fields__.keys():
            return members
        is_copy = any(value for name, value in members.items() if spelling_key(name) == "revision")
        return {name: value for name, value in members.items() if not (is_copy and spelling_key(name) == "uid")}

    @model_validator(mode="after")
    def _complete_if_completed_at(self) -> Self:
        if self.completed_at is not None:
            if not self.completed and "completed" in self.model_fields_set:
                raise ValueError("'completed_at' is for completed tasks only, but 'completed' is false")
            self.completed = True
        return self


class TaskUpdate(Spelled):
    """The changes: absent members keep their values, and `null` clears a nullable member."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy oat milk", "completed": False}]})

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING
    completed: bool | MISSING = MISSING
    priority: Priority | MISSING = MISSING
    category: Category | MISSING = MISSING
    tags: Tags | MISSING = MISSING
    due_date: DueDate | MISSING = MISSING
    recurrence: Recurrence | MISSING = MISSING
    recurrence_from: RecurrenceFrom | MISSING = MISSING
    recurrence_tz: RecurrenceTimeZone | MISSING = MISSING
    uid: Annotated[Uid | MISSING, Field(description="The uid of the task, which no change can set to another one.")] = (
        MISSING
    )
    tz: RequestTimeZone = None


class TaskCompletion(Spelled):
    """The completion to set; an empty object toggles it, as no body does."""

    completed: bool | MISSING = MISSING
    tz: RequestTimeZone = None


class TaskSkip(Spelled):
    """The time zone of a skip, which is not stored."""

    tz: RequestTimeZone = None


class Task(BaseModel):
    """A task, as in all responses."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 42,
                    "uid": "0198c4f2-7d3e-7b61-9a58-2f6c1e0d4b97",
                    "user_id": "k3VbHn0Qm2Xw",
                    "title": "Buy milk",
                    "description": "Two bottles, the fresh one",
                    "completed": True,
                    "completed_at": "2026-11-20T10:00:00Z",
                    "priority": "high",
                    "category": "errands",
                    "tags": ["home"],
                    "due_date": "2026-12-01",
                    "recurrence": "FREQ=WEEKLY;BYDAY=TU",
                    "recurrence_from": "due_date",
                    "recurrence_tz": "Europe/Paris",
                    "created_at": "2026-11-20T09:30:00Z",
                    "updated_at": "2026-11-20T10:00:00Z",
                    "deleted_at": None,
                    "revision": 1764408600000007,
                }
            ]
        }
    )

    id: Annotated[
        int,
        Field(
            description="Unique and never reused; a task that is added later has a larger id.",
            json_schema_extra={"format": "int64"},
        ),
    ]
    uid: Annotated[
        Uid,
        Field(
            description="Unique among the owner's tasks, and never changed; paths may name the task by `uid:` and uid."
        ),
    ]
    user_id: Annotated[str, Field(description="The owner: the user id of Better Auth.")]
    title: str
    description: str | None
    completed: bool
    completed_at: Annotated[AwareDatetime | None, Field(description="When it was completed; null while it is pending.")]
    priority: PriorityName
    category: str | None
    tags: list[str]
    due_date: Annotated[str | None, Field(description="A day or an instant.")]
    recurrence: Annotated[str | None, Field(description="The recurrence rule (RFC 5545), in upper case.")]
    recurrence_from: Annotated[RecurrenceFrom, Field(description="The date that the next due date is computed from.")]
    recurrence_tz: Annotated[str | None, Field(description="The time zone of the rule.")]
    created_at: AwareDatetime
    updated_at: AwareDatetime
    deleted_at: Annotated[AwareDatetime | None, Field(description="When it was deleted; null while it is not.")]
    revision: Annotated[
        int,
        Field(
            description="The owner's revision at the last change of this task; also its ETag.",
            json_schema_extra={"format": "int64"},
        ),
    ]


class DetailedTask(Task):
    """A task, as in responses about a single task."""

    next_task: Annotated[Task | None, Field(description="The task that completing this recurring task created.")]


class TaskList(BaseModel):
    """One page of tasks, in the order of the query."""

    tasks: list[Task]
    count: Annotated[int, Field(description="The number of tasks on this page.")]
    total: Annotated[
        int | None, Field(description="The number of matching tasks, if requested or known without counting.")
    ]
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page; null on the last.")]
