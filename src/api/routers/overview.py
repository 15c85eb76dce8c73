"""The routes of statistics: counts of a user's tasks and tags."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from src.api.dependencies import Overview
from src.api.large_response import read_within_memory
from src.api.responses import json_response, tag_array_response, tag_object_response
from src.api.routers.owner import owner_router
from src.api.time_zone import ZONE_PARAMETERS
from src.schemas.overview import TagCount, TagList, TaskStats

router = owner_router(tag="statistics")


@router.get("/stats", response_model=TaskStats, openapi_extra=ZONE_PARAMETERS)
async def get_stats(request: Request, overview: Overview) -> Response:
    """Count the user's tasks by state, priority, category and tag."""
    return await read_within_memory(request, overview.stats, json_response)


_LIST_FORMATS = {"object": (TagList, tag_object_response), "array": (list[TagCount], tag_array_response)}


def list_router(list_format: Literal["object", "array"]) -> APIRouter:
    """Build the route of the tags, whose body is as LIST_FORMAT demands."""
    model, respond = _LIST_FORMATS[list_format]
    router = owner_router(tag="statistics")

    @router.get("/tags", response_model=model)
    async def list_tags(request: Request, overview: Overview) -> Response:
        """List the user's tags, the most used first."""
        return await read_within_memory(request, overview.tags, respond)

    return router
