"""The routes of a user's tasks. The router requires the owner, and so does `Tasks`."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from src.api.conditional_requests import IfMatch, IfNoneMatch
from src.api.dependencies import Tasks
from src.api.idempotency import Idempotency
from src.api.large_response import TASK_BYTES, change_within_memory, read_within_memory
from src.api.list_query import PARAMETERS, ListQuery
from src.api.openapi import OPERATIONS_FAILED, REPLAYED, Responses, errors, headers
from src.api.responses import (
    array_response,
    bulk_response,
    created_response,
    not_modified,
    object_response,
    task_response,
)
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.api.time_zone import TIME_ZONE_HEADER, ZONE_PARAMETERS
from src.schemas.operations import Bulk, BulkResults
from src.schemas.problems import PlainProblem, TaskExistsProblem
from src.schemas.task import DetailedTask, Task, TaskCompletion, TaskCreate, TaskList, TaskSkip, TaskUpdate
from src.schemas.uid import TaskIdOrUid

Id = Annotated[TaskIdOrUid, Path(description="The task's `id`, or `uid:` and its `uid`.")]
Permanent = Annotated[
    bool, Query(description="Delete the task permanently, also from the trash; it cannot be restored.")
]

_ONE: Responses = {200: headers(ETag="The task's revision."), **errors(404)}
_PAGE: Responses = {
    200: headers(
        ETag="The user's revision; absent if the list depends on the time or on `Time-Zone`.",
        Link='The URL of the next page, with `rel="next"`; absent on the last page.',
        X_Total_Count="The number of matching tasks, if requested or known without counting.",
    )
}
_LISTED = _PAGE | NOT_MODIFIED
_CREATED: Responses = {201: headers(ETag="The task's revision.", Location="The task's path.", **REPLAYED)}
_RETURNED: Responses = {200: headers(ETag="The task's revision.", **REPLAYED)}
_EXISTS: Responses = {
    409: errors(409)[409]
    | {
        "model": TaskExistsProblem | PlainProblem,
        "description": "A task has this `uid` (`current`); or the first request with this key, or another one that "
        "creates a task with this `uid`, is in progress.",
    }
}
_SKIPPED: Responses = {
    409: errors(409)[409]
    | {"description": "The task has no occurrence to skip, or the first request with this key is in progress."}
}
_DONE: Responses = {200: headers(**REPLAYED)}
_BODY = errors(400, 412, 413, 415)


_PARAMETERS = {"parameters": [*PARAMETERS["parameters"], TIME_ZONE_HEADER]}
_LIST_FORMATS = {
    "object": (TaskList, object_response, "`next_cursor`"),
    "array": (list[Task], array_response, "`Link`"),
}


def list_router(list_format: Literal["object", "array"]) -> APIRouter:
    """Build the route of the list, whose body is as LIST_FORMAT demands."""
    model, respond, next_page = _LIST_FORMATS[list_format]
    description = f"List the user's tasks that match the filters, by default newest first; {next_page} leads to more."
    router = owner_router()

    @router.get("", response_model=model, responses=_LISTED, openapi_extra=_PARAMETERS, description=description)
    async def list_tasks(request: Request, tasks: Tasks, query: ListQuery, if_none_match: IfNoneMatch) -> Response:
        if if_none_match and tasks.has_etag(query) and (revision := await tasks.revision()) in if_none_match:
            return not_modified(revision)
        return await read_within_memory(request, lambda: tasks.list_tasks(query), partial(respond, request))

    return router


def delete_router(*, with_task: bool) -> APIRouter:
    """Build the route that deletes a task, which responds with the task if COMPATIBILITY demands that."""
    router = owner_router()
    responses = (_ONE if with_task else {}) | errors(404, 412)
    options: dict[str, Any] = {"response_model": DetailedTask} if with_task else {"status_code": 204}

    @router.delete("/{task_id:task}", responses=responses, **options)
    async def delete_task(tasks: Tasks, task_id: Id, if_match: IfMatch, *, permanent: Permanent = False) -> Response:
        """Move a task to the trash, from which it can be restored, or delete it permanently."""
        task = await tasks.delete_task(task_id, if_match, permanent=permanent)
        return task_response(task) if with_task else Response(status_code=204)

    return router


router = owner_router()
recurrence_router = owner_router(tag="recurrence")
bulk_router = owner_router(tag="bulk")


@router.post(
    "",
    status_code=201,
    response_model=DetailedTask,
    responses=_CREATED | errors(400) | _EXISTS | errors(413, 415),
    openapi_extra=ZONE_PARAMETERS,
)
async def create_task(request: Request, idempotent: Idempotency, task: TaskCreate) -> Response:
    """Create a task."""
    return await idempotent(lambda tasks: tasks.create_task(task), partial(created_response, request))


@router.get("/{task_id:task}", response_model=DetailedTask, responses=_ONE | NOT_MODIFIED)
async def get_task(tasks: Tasks, task_id: Id, if_none_match: IfNoneMatch) -> Response:
    """Get one task."""
    task = await tasks.get_task(task_id)
    return not_modified(task.revision) if task.revision in if_none_match else task_response(task)


@router.put("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS)
async def put_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, if_match: IfMatch) -> Response:
    """Update the members that are sent, as PATCH does: existing clients expect absent members to stay unchanged."""
    return task_response(await tasks.update_task(task_id, changes, if_match))


@router.patch("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS)
async def update_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, if_match: IfMatch) -> Response:
    """Update the members that are sent; `null` clears a nullable member, and absent members stay unchanged."""
    return task_response(await tasks.update_task(task_id, changes, if_match))


@router.patch(
    "/{task_id:task}/complete", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS
)
async def complete_task(
    tasks: Tasks, task_id: Id, if_match: IfMatch, completion: TaskCompletion | None = None
) -> Response:
    """Complete or reopen a task: set `completed`, which is safe to retry, or toggle it if there is no body."""
    return task_response(await tasks.complete_task(task_id, completion or TaskCompletion(), if_match))


@router.post("/{task_id:task}/restore", response_model=DetailedTask, responses=_RETURNED | errors(404, 409, 412, 413))
async def restore_task(idempotent: Idempotency, task_id: Id, if_match: IfMatch) -> Response:
    """Restore a task from the trash. A task that is not in the trash stays unchanged, so a retry is safe."""
    return await idempotent(lambda tasks: tasks.restore_task(task_id, if_match), task_response)


@recurrence_router.post(
    "/{task_id:task}/skip",
    response_model=DetailedTask,
    responses=_RETURNED | errors(404) | _BODY | _SKIPPED,
    openapi_extra=ZONE_PARAMETERS,
)
async def skip_task(idempotent: Idempotency, task_id: Id, if_match: IfMatch, skip: TaskSkip | None = None) -> Response:
    """Skip an occurrence: move a pending recurring task to its next due date, without completing anything."""
    return await idempotent(lambda tasks: tasks.skip_task(task_id, skip or TaskSkip(), if_match), task_response)


@bulk_router.post(
    "/bulk",
    response_model=BulkResults,
    responses=_DONE | errors(400, 413, 415) | OPERATIONS_FAILED,
    openapi_extra=ZONE_PARAMETERS,
)
async def change_tasks(request: Request, idempotent: Idempotency, bulk: Bulk) -> Response:
    """Apply up to 500 operations on different tasks in one transaction: all or none, or all that are possible."""
    respond = partial(bulk_response, dry_run=bulk.dry_run)
    size = len(bulk.operations) * TASK_BYTES
    return await change_within_memory(request, size, lambda: idempotent(lambda tasks: tasks.bulk(bulk), respond))
