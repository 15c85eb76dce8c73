"""The wire format of statistics."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PriorityCounts(BaseModel):
    """How many tasks have each priority."""

    none: int
    low: int
    medium: int
    high: int
    urgent: int


class TaskStats(BaseModel):
    """How many tasks there are of each kind; what is in the trash counts for `trashed` only."""

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
                    "by_tag": {"home": 3, "work": 1},
                }
            ]
        }
    )

    total: int
    pending: int
    completed: int
    overdue: Annotated[int, Field(description="Open, and due before now, or on a day that is over in `tz`.")]
    due_today: Annotated[int, Field(description="Open, and due on the day that it is in `tz`, at whatever time.")]
    trashed: int
    by_priority: PriorityCounts
    by_tag: Annotated[dict[str, int], Field(description="As `…/tags` lists them.")]


class TagCount(BaseModel):
    """A tag, and how many tasks have it."""

    tag: Annotated[str, Field(description="As it is spelled in the task that changed last, of those that have it.")]
    count: int


class TagList(BaseModel):
    """The tags, the most used first."""

    tags: list[TagCount]
    count: Annotated[int, Field(description="How many tags there are.")]
