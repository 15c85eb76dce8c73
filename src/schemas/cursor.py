"""Encode and decode pagination cursors (keyset pagination), which are opaque to clients."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from src.errors.invalid import InvalidCursor
from src.schemas.time_zone import is_time_zone
from src.schemas.uid import MAX_ID

MAX_CURSOR = 2000
"""The maximum length of a cursor: more than that of the longest sort key of a title."""

type SortValue = str | int | datetime

_TYPES: dict[str, type] = {
    "created_at": datetime,
    "updated_at": int,
    "due_date": datetime,
    "priority": int,
    "title": str,
    "completed": bool,
    "relevance": int,
}


class Position(NamedTuple):
    """The sort value and id of the last task of a page; for due dates, also the time zone in which days are sorted."""

    value: SortValue
    id: int
    zone: str | None = None


def encode_cursor(order: tuple[str, bool], position: Position) -> str:
    """Encode the cursor of the page after this position, for a list in this order."""
    members = [*order, position.value, position.id, *([position.zone] if position.zone else [])]
    return urlsafe_b64encode(msgspec.json.encode(members)).decode().rstrip("=")


def decode_cursor(order: tuple[str, bool], cursor: str) -> Position:
    """Decode a cursor into its position.

    Raises:
        InvalidCursor: The cursor is not a result of `encode_cursor` for this order.
    """
    try:
        _, _, value, task_id, *zone = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = Position(datetime.fromisoformat(value) if _TYPES[order[0]] is datetime else value, task_id, *zone)
        if _is_valid(order, position) and encode_cursor(order, position) == cursor:
            return position
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidCursor


def _is_valid(order: tuple[str, bool], position: Position) -> bool:
    """Return whether PostgreSQL accepts the values, because a cursor is untrusted input."""
    value, task_id, zone = position
    has_zone = (zone is not None) is (order[0] == "due_date")
    if type(value) is not _TYPES[order[0]] or type(task_id) is not int or not 0 < task_id <= MAX_ID or not has_zone:
        return False
    match value:
        case str():
            return "\0" not in value
        case datetime():
            return value.tzinfo == UTC and (zone is None or is_time_zone(zone))
        case int():
            return abs(value) <= MAX_ID
