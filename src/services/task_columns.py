"""What the columns of a task hold."""

from datetime import datetime
from typing import Any

from src.schemas.due_date import parse_due_date
from src.schemas.priority import DEFAULT_PRIORITY, PRIORITIES

type Columns = dict[str, Any]
"""Columns of a task and their values."""

BLANK: Columns = {
    "title": "",
    "description": None,
    "completed_at": None,
    "priority": PRIORITIES.index(DEFAULT_PRIORITY),
    "tags": [],
    "due_date": None,
    "due_day": None,
    "due_at": None,
    "recurrence": None,
    "recurrence_from": "due_date",
    "recurrence_tz": None,
    "next_task_id": None,
}
"""Nothing in it: what is left of a task that is deleted for good."""


def stored(members: dict[str, Any]) -> Columns:
    """What the columns hold of the members of a task."""
    values = dict(members)
    if "priority" in members:
        values["priority"] = PRIORITIES.index(members["priority"])
    if "due_date" in members:
        due = None if members["due_date"] is None else parse_due_date(members["due_date"])
        values["due_at"] = due if isinstance(due, datetime) else None
        values["due_day"] = None if isinstance(due, datetime) else due
    return values
