"""The routes that count what a user has."""

from typing import Annotated

from fastapi import Query, Response

from src.api.dependencies import Overview
from src.api.responses import json_response
from src.api.routers.owner import owner_router
from src.schemas.overview import TagCount, TagList, TaskStats
from src.schemas.time_zone import TimeZone

Zone = Annotated[TimeZone, Query(description="The time zone in which days begin and end.")]

router = owner_router()
array_router = owner_router()
"""The tags as LIST_FORMAT=array wants them."""
object_router = owner_router()
"""The tags as LIST_FORMAT=object wants them."""


@router.get("/stats", response_model=TaskStats)
async def get_stats(overview: Overview, tz: Zone = "UTC") -> Response:
    """How many tasks there are of each kind."""
    return json_response(await overview.stats(tz))


@object_router.get("/tags", name="list_tags", response_model=TagList)
async def list_tags_as_object(overview: Overview) -> Response:
    """The user's tags, the most used first."""
    tags = await overview.tags()
    return json_response(f'{{"tags":{tags.json},"count":{tags.number}}}')


@array_router.get("/tags", name="list_tags", response_model=list[TagCount])
async def list_tags_as_array(overview: Overview) -> Response:
    """The user's tags, the most used first."""
    return json_response((await overview.tags()).json)
