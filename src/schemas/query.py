"""The query parameters of a list of tasks."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from src.schemas.task import MAX_PAGE


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Status = Annotated[
    Literal["all", "pending", "completed", "incomplete", "active", "done"],
    BeforeValidator(_lower),
    Field(description="`incomplete` and `active` mean `pending`, `done` means `completed`; in any case."),
]

_COMPLETIONS = {"all": {True, False}, "completed": {True}, "done": {True}}


class TaskQuery(BaseModel):
    """Which tasks to list; conditions are combined with "and", unknown parameters are ignored."""

    status: Status = "all"
    completed: bool | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="The most tasks that a page may hold.")] = MAX_PAGE
    cursor: Annotated[str | None, Field(description="`next_cursor` of the previous page.")] = None

    @property
    def completions(self) -> list[bool]:
        """The values of `completed` that match."""
        by_status = _COMPLETIONS.get(self.status, {False})
        return list(by_status if self.completed is None else by_status & {self.completed})
