"""Builds responses around JSON that PostgreSQL has written."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from src.services.bulk.service import OperationOutcome
from src.services.lists.page import TaskPage
from src.services.overview.service import TagCounts
from src.services.sync.changes import ChangePage
from src.services.tasks.service import TaskRecord

_JSON = "application/json"


def json_response(body: str) -> Response:
    """Send JSON as PostgreSQL has written it."""
    return Response(body, media_type=_JSON)


def task_response(task: TaskRecord) -> Response:
    """Send a task and its ETag."""
    return Response(task.json, headers=_etag(task.revision), media_type=_JSON)


def not_modified(revision: int) -> Response:
    """Respond with 304, because the client's cached copy is current."""
    return Response(status_code=304, headers=_etag(revision))


def created_response(request: Request, task: TaskRecord) -> Response:
    """Send a new task and its URL."""
    location = f"{quote(request.scope['path'])}/{task.id}"
    return Response(task.json, 201, _etag(task.revision) | {"Location": location}, _JSON)


def bulk_response(outcomes: list[OperationOutcome], *, dry_run: bool) -> Response:
    """Render the outcomes of a bulk as `schemas.operations.BulkResults`."""
    body = f'{{"results":[{",".join(map(_result, outcomes))}],"dry_run":{json.dumps(dry_run)}}}'
    return Response(body, media_type=_JSON)


def _result(outcome: OperationOutcome) -> str:
    problem = "null" if outcome.error is None else json.dumps(outcome.error.problem)
    task = None if outcome.status == HTTPStatus.NO_CONTENT else outcome.json
    return f'{{"status":{outcome.status},"task":{task or "null"},"problem":{problem}}}'


def object_response(request: Request, page: TaskPage) -> Response:
    """Render a page as `schemas.task.TaskList`."""
    cursor = "null" if page.next_cursor is None else f'"{page.next_cursor}"'
    total = "null" if page.total is None else page.total
    body = f'{{"tasks":{_array(page)},"count":{len(page.tasks)},"total":{total},"next_cursor":{cursor}}}'
    return Response(body, headers=_page_headers(request, page), media_type=_JSON)


def array_response(request: Request, page: TaskPage) -> Response:
    """Render a page as a bare array; total and next page are in `X-Total-Count` and `Link`."""
    return Response(_array(page), headers=_page_headers(request, page), media_type=_JSON)


def tag_object_response(tags: TagCounts) -> Response:
    """Render the tags as `schemas.overview.TagList`."""
    return json_response(f'{{"tags":{tags.json},"count":{tags.number}}}')


def tag_array_response(tags: TagCounts) -> Response:
    """Render the tags as a bare array."""
    return json_response(tags.json)


def changes_response(page: ChangePage) -> Response:
    """Render changes as `schemas.changes.TaskChanges`, without an ETag if there are more, which a 304 would hide."""
    tasks, more = ",".join(change.json for change in page.changes), "true" if page.more else "false"
    body = f'{{"tasks":[{tasks}],"next_since":"{page.next_since}","more":{more}}}'
    return Response(body, headers={} if page.more else _etag(page.revision), media_type=_JSON)


def _array(page: TaskPage) -> str:
    return f"[{','.join(page.tasks)}]"


def _page_headers(request: Request, page: TaskPage) -> Mapping[str, str]:
    headers = {} if page.revision is None else _etag(page.revision)
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    if page.next_cursor is not None:
        headers["Link"] = f'<{_next_page(request, page.next_cursor)}>; rel="next"'
    return headers


def _next_page(request: Request, cursor: str) -> str:
    query: list[tuple[str, Any]] = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f"{quote(request.scope['path'])}?{urlencode([*query, ('cursor', cursor)])}"


def _etag(revision: int) -> dict[str, str]:
    return {"ETag": f'"{revision}"'}
