"""The text of a result: one line for each task, for clients that show agents no structured content."""

import json
import re
from collections.abc import Iterator
from typing import Any

from src.mcp.results import DATA_NOTICE

_HIDDEN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that break lines or reorder them, besides those that JSON escapes."""


def describe(result: dict[str, Any]) -> str:
    """Describe a result with rows of tasks in lines of text."""
    tasks = result["tasks"]
    head = "Dry run, nothing was changed: " if result.get("dry_run") else ""
    lines = [f"{head}{len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}. {DATA_NOTICE}", *map(_line, tasks)]
    lines += [f"Next of a recurring task: {_line(task)}" for task in result.get("next_tasks", ())]
    lines += [f"{name}: {_quote(result[name])}" for name in ("next_cursor", "next_since") if name in result]
    return "\n".join(lines)


def describe_object(value: dict[str, Any]) -> str:
    """Write the members of an object as JSON, after the notice that it contains data."""
    return f"{DATA_NOTICE}\n{_quote(value)}"


def _quote(value: object) -> str:
    """Write a value as JSON in one line, so that no text begins a line that looks like another task."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _line(task: dict[str, Any]) -> str:
    return ", ".join([f"#{task['id']} {_quote(task['title'])}", *_details(task)])


def _details(task: dict[str, Any]) -> Iterator[str]:
    if "due_date" in task:
        yield f"due {task['due_date']}"
    if "priority" in task:
        yield task["priority"]
    if "category" in task:
        yield f"in {_quote(task['category'])}"
    if "tags" in task:
        yield f"tags {' '.join(map(_quote, task['tags']))}"
    if "recurrence" in task:
        yield task["recurrence"]
    yield from (name for name in ("completed", "deleted") if name in task)
    if "event" in task:
        yield f"last {task['event']}"
