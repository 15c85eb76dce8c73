"""Conditional requests (RFC 9110, section 13): entity tags are revisions in quotes.

The headers are read here rather than declared: FastAPI would spend as long on them as the query takes. They are
documented where the answers are, in `src.api.documentation`.
"""

import re
from typing import Annotated

from fastapi import Depends, Request

# Proxies that compress weaken tags, and people forget the quotes; a revision is exact in any dress.
_TAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')


async def if_match(request: Request) -> list[int] | None:
    """The revisions of which one must be current; None where any will do."""
    lines = request.headers.getlist("If-Match")
    return None if not lines or "*" in lines else _revisions(lines)


async def if_none_match(request: Request) -> list[int]:
    """The revisions that the client has already."""
    return _revisions(request.headers.getlist("If-None-Match"))


def _revisions(lines: list[str]) -> list[int]:
    """Several lines are one list (RFC 9110, section 5.3)."""
    tags = (_TAG.fullmatch(tag.strip()) for tag in ",".join(lines).split(","))
    return [int(tag[1]) for tag in tags if tag]


Known = Annotated[list[int] | None, Depends(if_match)]
Cached = Annotated[list[int], Depends(if_none_match)]
