"""The query parameters of a list of tasks, with the names and aliases that existing clients send."""

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from src.schemas.cursor import MAX_CURSOR, Position, decode_cursor
from src.schemas.due_date import DueDate
from src.schemas.priority import PRIORITIES, PriorityName
from src.schemas.search import Search, parse_search
from src.schemas.spellings import COMPLETED, PENDING, priority_name, sort_name, status_name
from src.schemas.tags import Tag, tag_key
from src.schemas.task import MAX_PAGE
from src.schemas.text import NO_NUL_PATTERN, lowercase
from src.schemas.time_zone import TimeZone


def _separated(values: object) -> object:
    """Split `a,b` into a list, like a repeated parameter."""
    return [part for value in values for part in str(value).split(",")] if isinstance(values, list) else values


def _status(value: object) -> object:
    name = status_name(value)
    if name not in {"all", *COMPLETED, *PENDING}:
        raise ValueError(f"must be {', '.join(map(repr, ('all', *PENDING, *COMPLETED[:-1])))} or {COMPLETED[-1]!r}")
    return name


StatusName = Literal["all", "pending", "completed"]
Status = Annotated[
    StatusName,
    BeforeValidator(_status),
    Field(description="Other spellings, such as `active` and `done`, are understood."),
]
SortKey = Literal["created_at", "updated_at", "due_date", "priority", "title", "completed", "relevance"]
SortName = Literal[SortKey, "-created_at", "-updated_at", "-due_date", "-priority", "-title", "-completed"]
Sort = Annotated[
    SortName,
    BeforeValidator(sort_name),
    Field(
        description="`-` means descending. By default, due dates and titles are ascending and pending tasks come first;"
        " all others are descending."
    ),
]
OrderName = Literal["asc", "desc"]
Order = Annotated[OrderName, BeforeValidator(lowercase), Field(description="Takes precedence over the `-` of `sort`.")]
SearchText = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(
        max_length=200,
        pattern=NO_NUL_PATTERN,
        description=(
            "Words to find in title, description and tags, also inside of words, regardless of case and accents; "
            '`"a phrase"` finds whole words, and `-word` excludes.'
        ),
    ),
]
Priorities = Annotated[
    list[Annotated[PriorityName, BeforeValidator(priority_name)]], BeforeValidator(_separated), Field(max_length=100)
]
TagNames = Annotated[list[Tag], Field(max_length=100)]
TagsMatch = Literal["any", "all"]
Offset = Annotated[int, Field(ge=0, le=2**31)]

TZ_DESCRIPTION = (
    "The time zone in which days begin and end and local times are read; takes precedence over the header `Time-Zone` "
    "and the user's stored time zone."
)

_COMPLETIONS = {"all": {True, False}, "completed": {True}}
_ASCENDING = {"completed", "due_date", "title"}


class TaskQuery(BaseModel):
    """The filters, order and page of a list. A task must match all filters; unknown parameters are ignored.

    Raises:
        InvalidCursor: The cursor was not issued for this order.
    """

    status: Status = "all"
    completed: Annotated[bool | None, Field(description="If `status` is given too, both must match.")] = None
    priority: Annotated[Priorities, Field(description="Any of these priorities.")] = []
    category: Annotated[TagNames, Field(description="A category, case-insensitive; repeat it for any of several.")] = []
    tag: Annotated[TagNames, Field(description="A tag, case-insensitive; repeat it for several.")] = []
    tags: Annotated[TagNames, BeforeValidator(_separated), Field(description="Tags, separated by commas.")] = []
    tags_match: Annotated[
        TagsMatch,
        BeforeValidator(lowercase),
        Field(description="Whether tasks must have any or all of the tags."),
    ] = "any"
    search: SearchText = ""
    due_before: Annotated[DueDate, Field(description="Due before this day or instant.")] = None
    due_after: Annotated[DueDate, Field(description="Due after this day or instant.")] = None
    overdue: Annotated[bool | None, Field(description="Pending, and due before now.")] = None
    no_due_date: Annotated[bool | None, Field(description="Without a due date, or with one.")] = None
    trashed: Annotated[bool, Field(description="Only tasks in the trash, instead of all others.")] = False
    tz: Annotated[TimeZone | None, Field(description=TZ_DESCRIPTION)] = None
    sort: Sort | None = None
    order: Order | None = None
    total: Annotated[bool, Field(description="Count all matching tasks, even if that takes long.")] = False
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="The maximum number of tasks per page.")] = MAX_PAGE
    offset: Annotated[
        Offset, Field(description="How many tasks to skip; ignored with a `cursor`, which is faster.")
    ] = 0
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR, description="`next_cursor` of the previous page.")] = (
        None
    )

    @model_validator(mode="after")
    def _require_search_for_relevance(self) -> Self:
        if self.sort_key == "relevance" and not self.search:
            raise ValueError("sort=relevance needs a search")
        return self

    @model_validator(mode="after")
    def _decode_cursor(self) -> Self:
        _ = self.position
        return self

    @cached_property
    def position(self) -> Position | None:
        """The position in the cursor."""
        return None if self.cursor is None else decode_cursor(self.sorting, self.cursor)

    @cached_property
    def completions(self) -> list[bool]:
        """The values of `completed` to select."""
        by_status = _COMPLETIONS.get(self.status, {False})
        return list(by_status if self.completed is None else by_status & {self.completed})

    @property
    def priorities(self) -> list[int]:
        """The priorities to select, as indices of `PRIORITIES`."""
        return [PRIORITIES.index(name) for name in self.priority]

    @cached_property
    def parsed_search(self) -> Search:
        """The words and phrases of the search."""
        return parse_search(self.search)

    @property
    def is_wordless(self) -> bool:
        """Whether there is a search without any word, which finds nothing."""
        return bool(self.search) and not (self.parsed_search.terms or self.parsed_search.excluded)

    @property
    def tag_keys(self) -> list[str]:
        """The tags to filter by, as they are compared."""
        return list(map(tag_key, self.tag + self.tags))

    @property
    def effective_offset(self) -> int:
        """The OFFSET: `offset`, or 0 with a cursor, which replaces it."""
        return 0 if self.cursor else self.offset

    @property
    def is_time_independent(self) -> bool:
        """Whether only a write can change the result; which tasks are overdue also depends on the time."""
        return self.overdue is None

    @cached_property
    def uses_zone(self) -> bool:
        """Whether the result depends on a time zone; a cursor has that of its order."""
        is_sorted_by_day = self.sort_key == "due_date" and self.position is None
        bounds = (self.overdue, self.due_before, self.due_after)
        return is_sorted_by_day or any(bound is not None for bound in bounds)

    @cached_property
    def sorting(self) -> tuple[str, bool]:
        """The sort key, and whether the order is descending."""
        return self.sort_key, self.is_descending

    @cached_property
    def sort_key(self) -> str:
        """The sort key, by default `relevance` for a search and `created_at` otherwise."""
        return self.sort.removeprefix("-") if self.sort else "relevance" if self.search else "created_at"

    @cached_property
    def is_descending(self) -> bool:
        """Whether the order is descending."""
        if self.order:
            return self.order == "desc"
        return (self.sort or "").startswith("-") or self.sort_key not in _ASCENDING
