"""The wire format of errors (RFC 9457), with one schema for each set of members: the `type` determines the members."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from src.schemas.task import DetailedTask


class FieldError(BaseModel):
    """One invalid field of a request; `field` is its path, such as `title` or `tags.0`."""

    field: str
    message: str
    type: str


class _Problem(BaseModel):
    """The members of every problem."""

    type: str
    title: str
    status: int
    detail: Annotated[str, Field(description="One sentence that can be shown to users.")]


class PlainProblem(_Problem):
    """An error without further members."""

    type: Literal[
        "urn:problem-type:bad-request",
        "urn:problem-type:content-too-large",
        "urn:problem-type:host-not-allowed",
        "urn:problem-type:insufficient-scope",
        "urn:problem-type:invalid-http",
        "urn:problem-type:method-not-allowed",
        "urn:problem-type:not-found",
        "urn:problem-type:not-skippable",
        "urn:problem-type:origin-not-allowed",
        "urn:problem-type:preflight-refused",
        "urn:problem-type:request-head-too-large",
        "urn:problem-type:request-in-progress",
        "urn:problem-type:request-timeout",
        "urn:problem-type:response-too-large",
        "urn:problem-type:service-unavailable",
        "urn:problem-type:signing-keys-unavailable",
        "urn:problem-type:sync-expired",
        "urn:problem-type:task-not-found",
        "urn:problem-type:too-many-streams",
        "urn:problem-type:unauthorized",
        "urn:problem-type:unsupported-media-type",
        "urn:problem-type:upgrade-with-body",
        "urn:problem-type:user-mismatch",
    ]


class ValidationProblem(_Problem):
    """An invalid request; `errors` lists the invalid fields."""

    type: Literal[
        "urn:problem-type:idempotency-key-reused",
        "urn:problem-type:invalid-cursor",
        "urn:problem-type:invalid-request",
        "urn:problem-type:invalid-time-zone",
        "urn:problem-type:task-repeated",
        "urn:problem-type:time-zone-unknown",
        "urn:problem-type:uid-changed",
    ]
    errors: list[FieldError]


class TaskChangedProblem(_Problem):
    """A write that names an outdated revision; `current` is the current state of the task."""

    type: Literal["urn:problem-type:task-changed"]
    current: DetailedTask


class TaskExistsProblem(_Problem):
    """A new task with the uid of another one; `current` is the other task, even if it is deleted."""

    type: Literal["urn:problem-type:task-exists"]
    current: DetailedTask


class TaskQuotaProblem(_Problem):
    """A write that would exceed the quota of tasks or of bytes, of which `used` are used."""

    type: Literal["urn:problem-type:task-quota-exceeded"]
    quota: Literal["tasks", "bytes"]
    used: int
    limit: int


class RateLimitProblem(_Problem):
    """More requests than a rate limit allows; `violated-policies` names the limit."""

    type: Literal["urn:problem-type:quota-exceeded"]
    violated_policies: Annotated[list[str], Field(alias="violated-policies")]


class InternalProblem(_Problem):
    """A defect of the API, which the operator finds in the log by its `request_id`."""

    type: Literal["urn:problem-type:internal-error"]
    request_id: str


class OperationResult(BaseModel):
    """The result of one operation."""

    status: Annotated[
        int,
        Field(description="The status of the corresponding route; 424 if another failure rolled this operation back."),
    ]
    task: Annotated[DetailedTask | None, Field(description="The current task; null if it is deleted, or on failure.")]
    problem: "Problem | None"


class OperationsFailedProblem(_Problem):
    """An atomic bulk that was rolled back; `results` has one result per operation."""

    type: Literal["urn:problem-type:operations-failed"]
    results: list[OperationResult]
    dry_run: bool


type Problem = (
    PlainProblem
    | ValidationProblem
    | TaskChangedProblem
    | TaskExistsProblem
    | TaskQuotaProblem
    | RateLimitProblem
    | OperationsFailedProblem
    | InternalProblem
)
"""Any error; the `type` determines the members."""
