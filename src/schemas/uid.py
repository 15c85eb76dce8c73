"""Uids: UUIDs that name tasks beside their ids, so that a client can name a task before the API has stored it."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

MAX_ID = 2**63 - 1

MAX_EXACT = 2**53 - 1
"""The largest integer that all JSON implementations represent exactly (RFC 8259, section 6)."""

_PREFIX = "uid:"
_HEX = "[0-9A-Fa-f]"
_PATTERN = f"{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
_FORMAT = re.compile(_PATTERN)


def _parse_uid(text: str) -> str:
    """Parse a UUID in the notation of RFC 9562, and return it in lower case.

    Raises:
        ValueError: The text is no UUID.
    """
    if not _FORMAT.fullmatch(text):
        raise ValueError("must be a UUID, such as 0198c4f2-7d3e-7b61-9a58-2f6c1e0d4b97")
    return text.lower()


def _parse_reference(value: object, parse_id: ValidatorFunctionWrapHandler) -> int | str:
    if isinstance(value, str) and value.startswith(_PREFIX):
        return _parse_uid(value.removeprefix(_PREFIX))
    parsed: int = parse_id(value)
    return parsed


def _reference(maximum: int) -> GetPydanticSchema:
    """Parse a reference: an id up to a maximum stays an integer, and `uid:` with a uid becomes the uid."""
    choices = [
        {"type": "integer", "minimum": 1, "maximum": maximum},
        {"type": "string", "pattern": f"^{_PREFIX}{_PATTERN}$"},
    ]
    parsed = Annotated[
        int, Field(ge=1, le=maximum), WrapValidator(_parse_reference), WithJsonSchema({"anyOf": choices})
    ]
    return GetPydanticSchema(lambda _, handler: handler(parsed))


Uid = Annotated[
    str, AfterValidator(_parse_uid), WithJsonSchema({"type": "string", "format": "uuid", "pattern": f"^{_PATTERN}$"})
]

type TaskReference = int | str
"""A name of a task of an owner: its id, an integer, or its uid, a string."""

TaskIdOrUid = Annotated[int | str, _reference(MAX_ID)]
"""A reference in a path."""

ExactIdOrUid = Annotated[int | str, _reference(MAX_EXACT)]
"""A reference in JSON."""
