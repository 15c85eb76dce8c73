"""Tags: short labels, in the order in which they were given."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from src.schemas.text import NO_NUL_PATTERN

Tag = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=50, pattern=NO_NUL_PATTERN)
]


def _distinct(tags: list[str]) -> list[str]:
    """The first of those that differ in case only."""
    return list({tag.lower(): tag for tag in reversed(tags)}.values())[::-1]


Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(_distinct)]
