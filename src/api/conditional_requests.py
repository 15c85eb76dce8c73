"""Conditional requests (RFC 9110, section 13): optimistic concurrency control, and cached copies.

Entity tags are revisions in quotes. The headers are documented beside the responses 304 and 412, in `src.api.openapi`.
"""

import re
from typing import Annotated

from fastapi import Depends, Request

# Also weak or without quotes, because proxies that compress weaken tags and people forget the quotes. Other proxies add
# the content coding: Apache, Caddy and lighttpd "1-gzip" (old Apaches "1"-gzip), Jetty "1--gzip" (old Jettys "1;gzip").
_CODING = r"(?:--?|;)(?:x-)?(?:gzip|br|zstd|deflate)"
_TAG = re.compile(rf'(?:W/)?"?(\d{{1,18}})(?:{_CODING}){{0,3}}"?(?:{_CODING})?')


async def if_match(request: Request) -> list[int] | None:
    """Parse the expected revisions: a write to a task with another one is refused (412); None accepts any."""
    values = request.headers.getlist("If-Match")
    return None if not values or "*" in values else _revisions(values)


async def if_none_match(request: Request) -> list[int]:
    """Parse the revisions that the client has cached."""
    return _revisions(request.headers.getlist("If-None-Match"))


def _revisions(values: list[str]) -> list[int]:
    """Parse a header that is a list, also where it is sent several times (RFC 9110, section 5.3)."""
    tags = [_TAG.fullmatch(tag.strip()) for value in values for tag in value.split(",")]
    return [int(tag[1]) for tag in tags if tag]


IfMatch = Annotated[list[int] | None, Depends(if_match)]
IfNoneMatch = Annotated[list[int], Depends(if_none_match)]
