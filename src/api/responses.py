"""Builds responses around the JSON of tasks and of counts."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Request, Response
from starlette.datastructures import QueryParams

from src.api.query_cache import cached_by_query
from src.services.bulk.service import OperationOutcome
from src.services.lists.page import TaskPage
from src.services.overview.service import TagCounts
from src.services.sync.changes import ChangePage
from src.services.tasks.service import TaskRecord

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def json_response(body: str | bytes) -> Response:
    """Send JSON that is already encoded."""
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
    results = b",".join(map(_result, outcomes))
    return json_response(b'{"results":[%b],"dry_run":%b}' % (results, _encode(dry_run)))


def _result(outcome: OperationOutcome) -> bytes:
    problem = outcome.error and outcome.error.problem
    task = None if outcome.status == HTTPStatus.NO_CONTENT else outcome.json
    return b'{"status":%d,"task":%b,"problem":%b}' % (outcome.status, task or b"null", _encode(problem))


def object_response(request: Request, page: TaskPage) -> Response:
    """Render a page as `schemas.task.TaskList`."""
    values = (page.tasks, page.task_count, _encode(page.total), _encode(page.next_cursor))
    body = b'{"tasks":%b,"count":%d,"total":%b,"next_cursor":%b}' % values
    return Response(body, headers=_page_headers(request, page), media_type=_JSON)


def array_response(request: Request, page: TaskPage) -> Response:
    """Render a page as a bare array; total and next page are in `X-Total-Count` and `Link`."""
    return Response(page.tasks, headers=_page_headers(request, page), media_type=_JSON)


def tag_object_response(tags: TagCounts) -> Response:
    """Render the tags as `schemas.overview.TagList`."""
    return json_response(f'{{"tags":{tags.json},"count":{tags.number}}}')


def tag_array_response(tags: TagCounts) -> Response:
    """Render the tags as a bare array."""
    return json_response(tags.json)


def changes_response(page: ChangePage) -> Response:
    """Render changes as `schemas.changes.TaskChanges`, without an ETag if there are more, which a 304 would hide."""
    values = (b",".join(change.json for change in page.changes), _encode(str(page.next_since)), _encode(page.more))
    body = b'{"tasks":[%b],"next_since":%b,"more":%b}' % values
    return Response(body, headers={} if page.more else _etag(page.revision), media_type=_JSON)


def _page_headers(request: Request, page: TaskPage) -> Mapping[str, str]:
    headers = {} if page.revision is None else _etag(page.revision)
    if page.total is not None:
        headers["X-Total-Count"] = str(page.total)
    if page.next_cursor is not None:
        headers["Link"] = f'<{_next_page(request, page.next_cursor)}>; rel="next"'
    return headers


def _next_page(request: Request, cursor: str) -> str:
    return f"{quote(request.scope['path'])}?{_parameters_but_cursor(request.scope['query_string'])}cursor={cursor}"


@cached_by_query
def _parameters_but_cursor(query_string: bytes) -> str:
    """Encode all parameters but the cursor, each with a separator after it."""
    others = [each for each in QueryParams(query_string).multi_items() if each[0] != "cursor"]
    return f"{urlencode(others)}&" if others else ""


def _etag(revision: int) -> dict[str, str]:
    return {"ETag": f'"{revision}"'}
