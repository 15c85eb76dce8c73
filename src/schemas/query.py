"""The query parameters of a list of tasks, under the names that existing clients send."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from src.schemas.cursor import MAX_CURSOR, Position, decode_cursor
from src.schemas.due_date import DueDate
from src.schemas.priority import PRIORITIES, PriorityName
from src.schemas.tags import Tag
from src.schemas.task import MAX_PAGE
from src.schemas.text import WITHOUT_NUL, lowered
from src.schemas.time_zone import TimeZone


def _separated(values: object) -> object:
    """`a,b` and a parameter that is repeated are the same list."""
    return [part for value in values for part in str(value).split(",")] if isinstance(values, list) else values


Status = Annotated[
    Literal["all", "pending", "completed", "incomplete", "active", "done"],
    BeforeValidator(lowered),
    Field(description="`incomplete` and `active` mean `pending`, `done` means `completed`; in any case."),
]
SortKey = Literal["created_at", "updated_at", "due_date", "priority", "title", "relevance"]
Sort = Annotated[
    Literal[SortKey, "-created_at", "-updated_at", "-due_date", "-priority", "-title"],
    BeforeValidator(lowered),
    Field(description="`-` is descending. Times and priorities descend by themselves, due dates and titles ascend."),
]
Order = Annotated[Literal["asc", "desc"], BeforeValidator(lowered), Field(description="Outranks the `-` of `sort`.")]
SearchText = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(
        max_length=200,
        pattern=WITHOUT_NUL,
        description='Words of title, description and tags, by their beginnings; `"a phrase"`; `-without`.',
    ),
]
Priorities = Annotated[
    list[Annotated[PriorityName, BeforeValidator(lowered)]], BeforeValidator(_separated), Field(max_length=100)
]
TagNames = Annotated[list[Tag], Field(max_length=100)]

_COMPLETIONS = {"all": {True, False}, "completed": {True}, "done": {True}}
_ASCENDING = {"due_date", "title"}


class TaskQuery(BaseModel):
    """Which tasks to list, and in which order; conditions hold together, unknown parameters are ignored.

    Raises:
        InvalidCursor: The cursor is none of ours for this order.
    """

    status: Status = "all"
    completed: Annotated[bool | None, Field(description="Together with `status` both hold.")] = None
    priority: Annotated[Priorities, Field(description="Any of these.")] = []
    tag: Annotated[TagNames, Field(description="A tag, in any case; repeat it for several.")] = []
    tags: Annotated[TagNames, BeforeValidator(_separated), Field(description="Tags with commas between.")] = []
    tags_match: Annotated[Literal["any", "all"], BeforeValidator(lowered), Field(description="Of several tags.")] = (
        "any"
    )
    search: SearchText = ""
    q: Annotated[SearchText, Field(description="The same as `search`.")] = ""
    due_before: Annotated[DueDate, Field(description="Due before this day or moment.")] = None
    due_after: Annotated[DueDate, Field(description="Due after this day or moment.")] = None
    overdue: Annotated[bool | None, Field(description="Open, and due before now.")] = None
    no_due_date: Annotated[bool | None, Field(description="Without a due date, or with one.")] = None
    trashed: Annotated[bool, Field(description="What is in the trash, and only that.")] = False
    tz: Annotated[TimeZone, Field(description="The time zone in which days begin and end.")] = "UTC"
    sort: Sort | None = None
    sort_by: Annotated[Sort | None, Field(description="The same as `sort`.")] = None
    order: Order | None = None
    sort_order: Annotated[Order | None, Field(description="The same as `order`.")] = None
    total: Annotated[bool, Field(description="Count all that match, whatever that costs.")] = False
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="The most tasks that a page may hold.")] = MAX_PAGE
    offset: Annotated[
        int, Field(ge=0, le=2**31, description="How many to skip, without a `cursor`, which is faster.")
    ] = 0
    skip: Annotated[int, Field(ge=0, le=2**31, description="The same as `offset`.")] = 0
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR, description="`next_cursor` of the previous page.")] = (
        None
    )
    _position: Position | None = None

    @model_validator(mode="after")
    def _relevance_needs_a_search(self) -> Self:
        if self.sort_key == "relevance" and not self.search_text:
            raise ValueError("sort=relevance needs a search")
        return self

    @model_validator(mode="after")
    def _cursor_is_ours(self) -> Self:
        if self.cursor is not None:
            self._position = decode_cursor(self.sorting, self.cursor)
        return self

    @property
    def position(self) -> Position | None:
        """The place that the cursor names."""
        return self._position

    @property
    def completions(self) -> list[bool]:
        """The values of `completed` that match."""
        by_status = _COMPLETIONS.get(self.status, {False})
        return list(by_status if self.completed is None else by_status & {self.completed})

    @property
    def priorities(self) -> list[int]:
        """The places in `PRIORITIES` that match."""
        return [PRIORITIES.index(name) for name in self.priority]

    @property
    def search_text(self) -> str:
        """The search text of `search` or its alias `q`."""
        return self.search or self.q

    @property
    def tag_names(self) -> list[str]:
        """The tags to look for."""
        return self.tag + self.tags

    @property
    def effective_offset(self) -> int:
        """The OFFSET: `offset` or its alias `skip`; 0 with a cursor, which replaces it."""
        return 0 if self.cursor else self.offset or self.skip

    @property
    def is_time_independent(self) -> bool:
        """Whether only a write can change the result; which tasks are overdue also depends on the time."""
        return self.overdue is None

    @property
    def sorting(self) -> tuple[str, bool]:
        """What to sort by, and whether it descends."""
        return self.sort_key, self.is_descending

    @property
    def sort_key(self) -> str:
        """What to sort by."""
        chosen = self.sort or self.sort_by
        return chosen.removeprefix("-") if chosen else "relevance" if self.search_text else "created_at"

    @property
    def is_descending(self) -> bool:
        """Whether the greatest comes first."""
        chosen, order = self.sort or self.sort_by, self.order or self.sort_order
        if order:
            return order == "desc"
        return (chosen or "").startswith("-") or self.sort_key not in _ASCENDING
