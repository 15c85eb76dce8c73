"""Conditional requests (RFC 9110, section 13): entity tags are revisions in quotes."""

import re
from typing import Annotated

from fastapi import Depends, Header
from pydantic import WithJsonSchema

# Proxies that compress weaken tags, and people forget the quotes; a revision is exact in any dress.
_TAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')

_Lines = Annotated[list[str] | None, WithJsonSchema({"type": "string"})]


def _revisions(lines: list[str]) -> list[int]:
    """Several lines are one list (RFC 9110, section 5.3)."""
    tags = (_TAG.fullmatch(tag.strip()) for tag in ",".join(lines).split(","))
    return [int(tag[1]) for tag in tags if tag]


async def if_match(
    lines: Annotated[
        _Lines, Header(alias="If-Match", description="Act only if the task has this `ETag`; 412 otherwise.")
    ] = None,
) -> list[int] | None:
    """The revisions of which one must be current; None where any will do."""
    return None if lines is None or "*" in lines else _revisions(lines)


async def if_none_match(
    lines: Annotated[
        _Lines, Header(alias="If-None-Match", description="Answer 304 if the `ETag` is still this.")
    ] = None,
) -> list[int]:
    """The revisions that the client has already."""
    return _revisions(lines or [])


Known = Annotated[list[int] | None, Depends(if_match)]
Cached = Annotated[list[int], Depends(if_none_match)]
