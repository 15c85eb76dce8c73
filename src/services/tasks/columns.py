"""Map the members of a task to its columns. All lists of columns come from the table and from `TaskCreate`."""

from datetime import datetime
from typing import Any

from src.models import TASKS
from src.schemas.due_date import parse_due_date
from src.schemas.folding import fold
from src.schemas.priority import PRIORITIES
from src.schemas.search import searchable
from src.schemas.sort_key import sort_key
from src.schemas.tags import tag_key
from src.schemas.task import TaskCreate

type Columns = dict[str, Any]
"""Columns of a task and their values."""


def to_columns(members: dict[str, Any]) -> Columns:
    """Convert the members of a task to the values of its columns."""
    values = dict(members)
    if "priority" in members:
        values["priority"] = PRIORITIES.index(members["priority"])
    if "due_date" in members:
        due = None if members["due_date"] is None else parse_due_date(members["due_date"])
        values["due_at"] = due if isinstance(due, datetime) else None
        values["due_day"] = None if isinstance(due, datetime) else due
    return values | _search_columns(members)


def _search_columns(members: dict[str, Any]) -> Columns:
    """Return the columns that searches, the filters by category and tags and the order of titles read."""
    values: Columns = {}
    if "title" in members:
        title = fold(members["title"])
        values = {"folded_title": searchable(title), "title_sort_key": sort_key(title)}
    if "description" in members:
        values["folded_description"] = searchable(fold(members["description"] or ""))
    if "category" in members:
        values["category_key"] = members["category"] and tag_key(members["category"])
    if "tags" in members:
        values["tag_keys"] = list(map(tag_key, members["tags"]))
        values["folded_tags"] = "".join([searchable(fold(tag)) for tag in members["tags"]])
    return values


_BOOKKEEPING = {"user_id", "uid", "created_at", "updated_at", "deleted_at", "last_event", "revision"}
_CONTENT = [c.name for c in TASKS.c if c.computed is None and c.identity is None and c.name not in _BOOKKEEPING]
_DEFAULTS = to_columns(TaskCreate.model_construct(title="").model_dump())

CREATED = tuple(name for name in _CONTENT if name in _DEFAULTS and name != "completed_at")
"""The columns that a client sets when it creates a task, and that a next task inherits."""

WRITTEN = (*_CONTENT, "last_event", "deleted_at", "revision")
"""The columns that a write may change, besides `updated_at`."""

TOMBSTONE_VALUES: Columns = {name: _DEFAULTS.get(name) for name in _CONTENT}
"""The values of a permanently deleted task: those of a new task without a title."""


def to_trash(now: object) -> Columns:
    """Move a task to the trash (soft delete). `now` is a timestamp for bulks, or its SQL for single statements."""
    return {"deleted_at": now, "last_event": "deleted"}


def to_restored(_: object) -> Columns:
    """Restore a task from the trash."""
    return {"deleted_at": None, "last_event": "restored"}


def to_tombstone(now: object) -> Columns:
    """Delete a task permanently: its row becomes a tombstone without any content."""
    return {**TOMBSTONE_VALUES, "deleted_at": now, "last_event": "erased"}
