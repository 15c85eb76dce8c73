"""Builds the routers below a user's path, all of which require the owner."""

from fastapi import APIRouter, Depends
from starlette.convertors import StringConvertor, register_url_convertor

from src.api.compiled_route import CompiledRoute
from src.api.dependencies import require_owner
from src.api.openapi import Responses, errors, headers, operation_id

_COLLECTIONS = ("bulk", "changes", "events", "stats", "tags")


class TaskConvertor(StringConvertor):
    """Matches a task's id in a path, but no name of a collection, so that those are 405 for other methods."""

    regex = rf"(?!(?:{'|'.join(_COLLECTIONS)})$)[^/]+"


register_url_convertor("task", TaskConvertor())

NOT_MODIFIED: Responses = {
    304: {"description": "The client's cached copy is current.", **headers(ETag="The `ETag` of that copy.")}
}


def owner_router(resource: str = "tasks", *, tag: str | None = None) -> APIRouter:
    """Build a router whose routes only the user in their path may use; the tag is that of the OpenAPI document."""
    return APIRouter(
        prefix=f"/api/{{user_id}}/{resource}",
        route_class=CompiledRoute,
        tags=[tag or resource],
        dependencies=[Depends(require_owner)],
        responses=errors(401, 403, 422, 429, 503),
        generate_unique_id_function=operation_id,
    )
