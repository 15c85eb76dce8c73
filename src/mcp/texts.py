"""The text of a result: one line for each task, for clients that show agents no structured content."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from src.mcp.results import DATA_NOTICE

_encode = msgspec.json.Encoder().encode

_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
"""Characters that break lines, reorder them or spell invisible words, besides those that JSON escapes."""


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
    return _HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], _encode(value).decode())


def _line(task: dict[str, Any]) -> str:
    return "".join([_WRITE[name](value) for name, value in task.items()])


_WRITE: dict[str, Callable[[Any], str]] = {
    "id": lambda number: f"#{number}",
    "title": lambda title: f" {_quote(title)}",
    "due_date": lambda due: f", due {due}",
    "priority": lambda priority: f", {priority}",
    "category": lambda category: f", in {_quote(category)}",
    "tags": lambda tags: f", tags {_quote(tags)}",
    "recurrence": lambda rule: f", {rule}",
    "has_description": lambda _: ", has a description",
    "completed": lambda _: ", completed",
    "deleted": lambda _: ", deleted",
    "event": lambda event: f", last {event}",
}
"""Writes each member of a row; all that users type freely is quoted."""
