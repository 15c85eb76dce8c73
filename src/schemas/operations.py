"""The wire format of bulk requests: several operations on tasks in one request."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from src.schemas.task import DetailedTask, TaskCreate, TaskUpdate

MAX_OPERATIONS = 500

_MAX_EXACT = 2**53 - 1
"""The largest integer that all JSON implementations represent exactly (RFC 8259, section 6)."""

Id = Annotated[int, Field(ge=1, le=_MAX_EXACT)]
Revision = Annotated[
    int | None, Field(ge=0, le=_MAX_EXACT, description="Act only if the task has this `revision`; 412 otherwise.")
]


class _Strict(BaseModel):
    """Refuse unknown members, because a misspelled name in one of hundreds of operations would go unnoticed."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _limit_members(cls, members: object) -> object:
        """Refuse too many members with a single error, instead of one error for each unknown member."""
        if isinstance(members, dict) and len(members) > len(cls.model_fields):
            raise ValueError(f"has more members than the {len(cls.model_fields)} that it may have")
        return members


class NewTask(TaskCreate, _Strict):
    """A new task; members that are not listed are refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy milk"}]})


class Changes(TaskUpdate, _Strict):
    """What to change; members that are not listed are refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy oat milk"}]})


class CreateOperation(_Strict):
    """Like `POST …/tasks`."""

    op: Literal["create"]
    task: NewTask


class UpdateOperation(_Strict):
    """Like `PATCH …/tasks/{id}`."""

    op: Literal["update"]
    id: Id
    changes: Changes
    revision: Revision = None


class CompleteOperation(_Strict):
    """Like `PATCH …/tasks/{id}/complete`; null toggles."""

    op: Literal["complete"]
    id: Id
    completed: StrictBool | None = True
    revision: Revision = None


class DeleteOperation(_Strict):
    """Like `DELETE …/tasks/{id}`."""

    op: Literal["delete"]
    id: Id
    permanent: StrictBool = False
    revision: Revision = None


class RestoreOperation(_Strict):
    """Like `POST …/tasks/{id}/restore`."""

    op: Literal["restore"]
    id: Id
    revision: Revision = None


type TaskOperation = UpdateOperation | CompleteOperation | DeleteOperation | RestoreOperation
"""An operation on an existing task."""

type Operation = CreateOperation | TaskOperation


class Bulk(_Strict):
    """Operations that are done in their order, in one transaction; each task may occur in one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "operations": [
                        {"op": "create", "task": {"title": "Buy milk"}},
                        {"op": "complete", "id": 42},
                        {"op": "delete", "id": 43, "revision": 7},
                    ],
                    "atomic": True,
                }
            ]
        },
    )

    operations: Annotated[
        list[
            Annotated[
                CreateOperation | UpdateOperation | CompleteOperation | DeleteOperation | RestoreOperation,
                Field(discriminator="op"),
            ]
        ],
        Field(min_length=1, max_length=MAX_OPERATIONS),
    ]
    atomic: Annotated[
        StrictBool, Field(description="Whether one that fails undoes all; otherwise each result speaks for itself.")
    ] = True
    dry_run: Annotated[StrictBool, Field(description="Answer as if, and change nothing.")] = False

    @model_validator(mode="after")
    def _one_operation_a_task(self) -> Self:
        ids = Counter(each.id for each in self.operations if not isinstance(each, CreateOperation))
        if repeated := [str(task_id) for task_id, count in ids.items() if count > 1]:
            raise ValueError(f"a task may occur in one operation only; repeated: {', '.join(repeated[:5])}")
        return self


class OperationProblem(BaseModel):
    """Why an operation failed (RFC 9457); the same as the route that it is like would answer."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


class OperationResult(BaseModel):
    """What became of one operation."""

    status: Annotated[int, Field(description="As of the route that it is like; 424 if it was undone with another.")]
    task: Annotated[
        DetailedTask | None, Field(description="The task as it is now; null if it is deleted, or on failure.")
    ]
    problem: OperationProblem | None


class BulkResults(BaseModel):
    """One result for each operation, in their order."""

    results: list[OperationResult]
    dry_run: bool
