"""What clients that keep a copy exchange: how far they are, and what has changed since."""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from src.schemas.task import MAX_PAGE, Task

_FORMAT = re.compile("([0-9]{1,18})(?:-([0-9]{1,18}))?")


class Since(NamedTuple):
    """How far a client has followed an owner's changes.

    `purged` is the owner's purged revision when the client began to load. A first load of several pages passes
    revisions below it, where a client that has been away for long may have missed what was purged.
    """

    revision: int
    purged: int = 0

    def __str__(self) -> str:
        return f"{self.revision}-{self.purged}" if self.revision < self.purged else str(self.revision)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The reverse of `str`.

        Raises:
            ValueError: It is none of ours.
        """
        found = _FORMAT.fullmatch(text)
        if not found:
            raise ValueError("must be a 'next_since' or an event's id")
        return cls(int(found[1]), int(found[2] or 0))


def _checked(text: str) -> str:
    Since.parse(text)
    return text


SinceText = Annotated[
    str, AfterValidator(_checked), WithJsonSchema({"type": "string", "pattern": f"^{_FORMAT.pattern}$"})
]
ChangesLimit = Annotated[int, Field(ge=1, le=MAX_PAGE)]


class TaskChanges(BaseModel):
    """The tasks that have changed, as they are now, in the order of their last changes."""

    tasks: Annotated[
        list[Task], Field(description="Keep those without `deleted_at`, and remove what you have of the others.")
    ]
    next_since: Annotated[str, Field(description="Send it as `since` to learn what changes from now on.")]
    more: Annotated[bool, Field(description="There is more already: ask again at once.")]
