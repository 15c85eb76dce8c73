"""Values for each member of a task. `tests/contract/test_openapi.py` compares the names with the reviewed contract."""

from typing import Any

VALUES: dict[str, list[Any]] = {
    "title": ["milk", "tea"],
    "description": [None, "", "Two bottles"],
    "completed": [False, True],
    "priority": ["medium", "none", "urgent"],
    "category": [None, "errands"],
    "tags": [[], ["a", "{b}", 'say "c"']],
    "due_date": [None, "2999-01-01", "2999-01-01T09:00:00.5+05:00"],
    "recurrence": [None, "FREQ=DAILY", "FREQ=DAILY;COUNT=2"],
    "recurrence_from": ["due_date", "completion"],
    "recurrence_tz": [None, "Europe/Paris"],
}
"""The members that a client may set: first the value of a new task, last one that differs from it."""

FILLED: dict[str, Any] = {name: values[-1] for name, values in VALUES.items()}
"""A task in which no member is empty."""

NOT_STORED = {"tz"}
"""The members of a request that a task does not have."""

SET_BY_SERVER = {"id", "uid", "user_id", "completed_at", "created_at", "updated_at", "deleted_at", "revision"}
"""The members that a client can not change."""

IMPORTED = {"uid", "created_at", "completed_at"}
"""Those of them that a client may send with a new task."""

COMPARED = {"uid"}
"""Those of them that a change may repeat, as a client does that sends a whole task back."""
