"""The wire format of delta sync: sync tokens, and pages of changed tasks."""

import re
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, Field, Json, WithJsonSchema

from src.schemas.task import MAX_PAGE, Task

_FORMAT = re.compile("([0-9]{1,18})(?:-([0-9]{1,18}))?")


class SyncToken(NamedTuple):
    """A client's position in an owner's changes (RFC 6578, section 3.2); on the wire `since` and `next_since`.

    `purged` is the owner's purged revision at the start of the load. A revision below it normally means that the client
    missed purged deletions (410). A first load that takes several pages is below it too but has missed nothing;
    the number distinguishes the two.
    """

    revision: int
    purged: int = 0

    def __str__(self) -> str:
        return f"{self.revision}-{self.purged}" if self.revision < self.purged else str(self.revision)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text form of a sync token.

        Raises:
            ValueError: The text is not a sync token.
        """
        match = _FORMAT.fullmatch(text)
        if not match:
            raise ValueError("must be a 'next_since' or an event's id")
        return cls(int(match[1]), int(match[2] or 0))


def _valid(text: str) -> str:
    SyncToken.parse(text)
    return text


SyncTokenText = Annotated[
    str,
    AfterValidator(_valid),
    WithJsonSchema({"type": "string", "pattern": f"^{_FORMAT.pattern}$", "examples": ["0"]}),
]
ChangeName = Literal["created", "updated", "completed", "reopened", "deleted", "restored", "erased"]
ChangesLimit = Annotated[int, Field(ge=1, le=MAX_PAGE)]


class TaskChanges(BaseModel):
    """One page of changed tasks in their current state, in the order of their last changes."""

    tasks: Annotated[
        list[Task], Field(description="Store those whose `deleted_at` is null; delete the others from the copy.")
    ]
    next_since: Annotated[str, Field(description="The sync token for the next request: send it as `since`.")]
    more: Annotated[bool, Field(description="Whether there are more changes already: request the next page at once.")]


class TaskEvent(BaseModel):
    """A server-sent event: a task has changed. Between events there are comments, which clients ignore."""

    event: ChangeName
    id: Annotated[
        SyncTokenText, Field(description="The sync token after the change; browsers send it when they reconnect.")
    ]
    data: Annotated[
        Json[Task],
        Field(description="The current task, as JSON."),
        WithJsonSchema(
            {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": "#/components/schemas/Task"},
            }
        ),
    ]
