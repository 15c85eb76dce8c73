"""The quota of an owner: how many tasks, and how many bytes of their texts, including the trash (ADR 0060).

The usage is in the owner's row. Each write that changes it locks this row and updates it with the tasks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, FromClause, func, literal_column

from src.errors.client import QuotaExceeded

COUNTED = ("title", "description", "category", "tags")
"""The columns whose bytes count."""

MAX_EXCESS = 2
"""The multiple of the quota up to which next tasks of recurring ones are created; completing is never refused."""


class Quota(NamedTuple):
    """The maximum number of an owner's tasks, and of bytes of their texts."""

    tasks: int
    bytes: int


@dataclass(slots=True)
class Usage:
    """The part of the quota that the owner's tasks use, with the changes that are planned."""

    quota: Quota
    tasks: int = 0
    bytes: int = 0

    def add(self, tasks: int, size: int) -> None:
        """Add a number of tasks and bytes; negative ones are removed.

        Raises:
            QuotaExceeded: The usage grows beyond the quota.
        """
        after = Quota(self.tasks + tasks, self.bytes + size)
        if tasks > 0 and after.tasks > self.quota.tasks:
            raise QuotaExceeded("tasks", self.tasks, self.quota.tasks)
        if size > 0 and after.bytes > self.quota.bytes:
            raise QuotaExceeded("bytes", self.bytes, self.quota.bytes)
        self.tasks, self.bytes = after

    def add_next_task(self, size: int) -> bool:
        """Add the next task of a recurring one, also beyond the quota, and return whether there is room for it."""
        limit = MAX_EXCESS * self.quota.tasks, MAX_EXCESS * self.quota.bytes
        has_room = self.tasks < limit[0] and self.bytes + size <= limit[1]
        if has_room:
            self.tasks, self.bytes = self.tasks + 1, self.bytes + size
        return has_room


def text_bytes(columns: Mapping[str, Any], names: Iterable[str] = COUNTED) -> int:
    """Count the bytes of the texts among these columns, in UTF-8."""
    return sum(_bytes(columns[name]) for name in names if name in columns)


def _bytes(value: str | list[str] | None) -> int:
    if not value:
        return 0
    return len((value if isinstance(value, str) else "".join(value)).encode())


def stored_bytes(source: FromClause, names: Iterable[str] = COUNTED) -> ColumnElement[int]:
    """Build the SQL of `text_bytes`, for a source that has the columns of the table."""
    zero: ColumnElement[int] = literal_column("0")
    empty: ColumnElement[str] = literal_column("''")
    columns = (source.c[name] for name in COUNTED if name in set(names))
    texts = (func.array_to_string(each, empty) if isinstance(each.type, ARRAY) else each for each in columns)
    total: ColumnElement[int] = sum((func.coalesce(func.octet_length(text), zero) for text in texts), start=zero)
    return total
