"""Tags: short labels, in the order of the request."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from src.schemas.text import NO_NUL_PATTERN

Tag = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=50, pattern=NO_NUL_PATTERN)
]


def tag_key(tag: str) -> str:
    """Return what is equal for tags that differ only in case, whatever the locale of the database."""
    return tag.lower()


def _deduplicate(tags: list[str]) -> list[str]:
    """Remove tags that differ from an earlier one only in case."""
    return list({tag_key(tag): tag for tag in reversed(tags)}.values())[::-1]


Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(_deduplicate)]
