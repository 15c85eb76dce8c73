"""The wire format of bulk requests: several operations on tasks in one request."""

from collections import Counter
from collections.abc import Container
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from src.schemas.problems import OperationResult
from src.schemas.spellings import Spelled, understood
from src.schemas.task import RequestTimeZone, TaskCreate, TaskUpdate
from src.schemas.uid import MAX_EXACT, ExactIdOrUid, TaskReference

MAX_OPERATIONS = 500

Id = Annotated[ExactIdOrUid, Field(description="The task's `id`, or `uid:` and its `uid`.")]
Revision = Annotated[
    int | None, Field(ge=0, le=MAX_EXACT, description="Act only if the task has this `revision`; 412 otherwise.")
]


class _Strict(Spelled):
    """Refuse unknown members, because a misspelled name in one of hundreds of operations would go unnoticed."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _understand(cls, members: object) -> object:
        """Refuse too many members with a single error, instead of one error for each unknown member."""
        if isinstance(members, dict) and len(members) > len(cls.model_fields):
            raise ValueError(f"the object has more members than the {len(cls.model_fields)} that it may have")
        return understood(members, cls)


class NewTask(TaskCreate, _Strict):
    """A new task; unknown members are refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy milk"}]})


class Changes(TaskUpdate, _Strict):
    """The changes; unknown members are refused."""

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
    tz: RequestTimeZone = None


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


class SkipOperation(_Strict):
    """Like `POST …/tasks/{id}/skip`."""

    op: Literal["skip"]
    id: Id
    revision: Revision = None
    tz: RequestTimeZone = None


type TaskOperation = UpdateOperation | CompleteOperation | DeleteOperation | RestoreOperation | SkipOperation
"""An operation on an existing task."""

type Operation = CreateOperation | TaskOperation


class Bulk(_Strict):
    """Operations, applied in order in one transaction; a task may occur in one of them, and in an earlier `create`."""

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
                CreateOperation
                | UpdateOperation
                | CompleteOperation
                | DeleteOperation
                | RestoreOperation
                | SkipOperation,
                Field(discriminator="op"),
            ]
        ],
        Field(min_length=1, max_length=MAX_OPERATIONS),
    ]
    atomic: Annotated[
        StrictBool, Field(description="Whether a failed operation rolls back all; otherwise the others are applied.")
    ] = True
    dry_run: Annotated[StrictBool, Field(description="Return the results without changing anything.")] = False
    tz: RequestTimeZone = None

    @model_validator(mode="after")
    def _one_operation_a_task(self) -> Self:
        new = Counter(each.task.uid for each in self.operations if isinstance(each, CreateOperation) and each.task.uid)
        named = Counter(each.id for each in self.operations if not isinstance(each, CreateOperation))
        if repeated := [str(each) for ids in (new, named) for each, count in ids.items() if count > 1]:
            raise ValueError(f"a task may occur in one operation only; repeated: {', '.join(repeated[:5])}")
        self._require_no_revision_of(new)
        return self

    def _require_no_revision_of(self, new: Container[TaskReference]) -> None:
        """Refuse `If-Match` on a task whose revision no client can know yet."""
        for each in self.operations:
            if not isinstance(each, CreateOperation) and each.id in new and each.revision is not None:
                raise ValueError(f"an operation on a task that the bulk creates cannot have 'revision': {each.id}")


class BulkResults(BaseModel):
    """One result per operation, in the same order."""

    results: list[OperationResult]
    dry_run: bool
