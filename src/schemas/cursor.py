"""Where the next page begins, in a form that clients pass on without looking inside."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from src.errors import InvalidCursor
from src.schemas.task import MAX_ID


def encode_cursor(task_id: int) -> str:
    """The cursor of the page that follows this task."""
    return urlsafe_b64encode(str(task_id).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> int:
    """The last task of the page before.

    Raises:
        InvalidCursor: `encode_cursor` did not make it.
    """
    try:
        task_id = int(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise InvalidCursor from None
    if not 0 < task_id <= MAX_ID or encode_cursor(task_id) != cursor:
        raise InvalidCursor
    return task_id
