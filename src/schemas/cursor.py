"""Where the next page begins, in a form that clients pass on without looking inside."""

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple

from src.errors import InvalidCursor
from src.schemas.task import MAX_ID

MAX_CURSOR = 2000
"""More than the longest: a title of characters that JSON escapes."""

type SortValue = str | int | float | datetime | None

_TYPES: dict[str, type] = {
    "created_at": type(None),
    "updated_at": int,
    "due_date": datetime,
    "priority": int,
    "title": str,
    "relevance": float,
}


class Position(NamedTuple):
    """The last task of a page, in the order of its list."""

    value: SortValue
    id: int


def encode_cursor(order: tuple[str, bool], position: Position) -> str:
    """The cursor of the page that follows this position in a list of this order."""
    value = position.value.isoformat() if isinstance(position.value, datetime) else position.value
    text = json.dumps([*order, value, position.id], ensure_ascii=False)  # it goes into a header, so it is kept short
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(order: tuple[str, bool], cursor: str) -> Position:
    """The position that the cursor names.

    Raises:
        InvalidCursor: `encode_cursor` did not make it, or made it for another order.
    """
    try:
        _, _, value, task_id = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = Position(datetime.fromisoformat(value) if order[0] == "due_date" else value, task_id)
        if _is_sound(order, position) and encode_cursor(order, position) == cursor:
            return position
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidCursor


def _is_sound(order: tuple[str, bool], position: Position) -> bool:
    """Whether PostgreSQL can read it: a cursor may be anything that somebody typed."""
    value, task_id = position
    if type(value) is not _TYPES[order[0]] or type(task_id) is not int or not 0 < task_id <= MAX_ID:
        return False
    match value:
        case str():
            return "\0" not in value
        case datetime():
            return value.tzinfo == UTC
        case int():
            return abs(value) <= MAX_ID
        case float():
            return math.isfinite(value)
    return True
