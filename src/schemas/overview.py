"""The wire format of statistics."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PriorityCounts(BaseModel):
    """The number of tasks of each priority."""

    none: int
    low: int
    medium: int
    high: int
    urgent: int


class TaskStats(BaseModel):
    """Counts of tasks; those in the trash count for `trashed` only."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "total": 12,
                    "pending": 7,
                    "completed": 5,
                    "overdue": 1,
                    "due_today": 2,
                    "trashed": 3,
                    "by_priority": {"none": 0, "low": 2, "medium": 8, "high": 2, "urgent": 0},
                    "by_category": {"errands": 4},
                    "by_tag": {"home": 3, "work": 1},
                }
            ]
        }
    )

    total: int
    pending: int
    completed: int
    overdue: Annotated[int, Field(description="Pending, and due before now, or on a day that has ended in `tz`.")]
    due_today: Annotated[int, Field(description="Pending, and due on the current day in `tz`, at any time.")]
    trashed: int
    by_priority: PriorityCounts
    by_category: Annotated[
        dict[str, int], Field(description="Regardless of case, in the spelling of the task that changed last.")
    ]
    by_tag: Annotated[dict[str, int], Field(description="The counts of `…/tags`.")]


class TagCount(BaseModel):
    """A tag, and the number of tasks that have it."""

    tag: Annotated[str, Field(description="In the spelling of the task that changed last.")]
    count: int


class TagList(BaseModel):
    """The tags, most used first."""

    tags: list[TagCount]
    count: Annotated[int, Field(description="The number of tags.")]
