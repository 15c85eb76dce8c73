"""Generate the page of the problems from the classes of the errors."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Final, NamedTuple

from docs.generator.markdown import one_line, table
from docs.generator.markdown import page as markdown_page
from src.errors import client, invalid, server
from src.errors.base import AppError
from src.server import errors as protocol

_INTRODUCTION: Final = """
Every error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `type`, `title`, `status`,
and `detail`, one sentence that can be shown to users. A client decides by `status` or `type`, which is
`urn:problem-type:` and the name below, and never changes. The texts may change. Generated from `src/errors/` and
`src/server/errors.py`.
"""

_WHAT_TO_DO: Final = """
## What to do

- **401**: get a new token, and send the request again.
- **409 `request-in-progress`, 429, 503**: wait for the seconds in `Retry-After`, and send the request again. A
  `POST` is safe to repeat with the same `Idempotency-Key`, and a write with the same `If-Match`.
- **410**: discard the copy and load everything again ([sync](../guides/offline-and-live.md)).
- **412**: merge with `current`, and send the result with its revision ([conflicts](../guides/tasks.md#conflicts)).
- **422**: show the messages in `errors` beside the fields.
- **5xx and no response**: retry with increasing pauses.
"""


class _Problem(NamedTuple):
    status: int
    name: str
    meaning: str
    retry_after: int | None = None


_OF_THE_FRAMEWORK: Final = (
    _Problem(400, "bad-request", "The body is not valid UTF-8 or cannot be parsed."),
    _Problem(405, "method-not-allowed", "The path does not have this method; `Allow` lists those that it has."),
    _Problem(415, "unsupported-media-type", "The body is not `application/json`."),
    _Problem(
        422,
        "invalid-request",
        "A member, parameter or header is invalid; `errors` lists each, with `field` and `message`.",
    ),
    _Problem(500, "internal-error", "A defect of the service; the log has it under the `request_id` of the problem."),
)


def page() -> str:
    """Generate the page: a row for each type of problem, in the order of the status."""
    rows = sorted({*_of_errors(), *_OF_THE_FRAMEWORK}, key=lambda each: each[:2])
    cells = ((_status(row), f"`{row.name}`", row.meaning, _seconds(row)) for row in rows)
    return markdown_page(
        "Problems", _INTRODUCTION, table(("Status", "Type", "Meaning", "`Retry-After`"), cells), _WHAT_TO_DO
    )


def _of_errors() -> Iterator[_Problem]:
    """Yield a problem for each type; of a class and its subclasses with the same type, that of the first."""
    seen = set()
    for module in (client, invalid, server, protocol):
        for error in vars(module).values():
            if isinstance(error, type) and issubclass(error, AppError) and error.__module__ == module.__name__:
                slug = getattr(error, "slug", None)
                if slug and slug not in seen:
                    seen.add(slug)
                    yield _Problem(error.status, slug, _meaning(error), error.retry_after)


def _meaning(error: type[AppError]) -> str:
    """Return the first clause of the class's docstring, without references and details of the class."""
    summary = (getdoc(error) or "").partition("\n\n")[0]
    return one_line(re.split(r" \(RFC|;|\.$", summary)[0]) + "."


def _status(row: _Problem) -> str:
    return f"{row.status} {HTTPStatus(row.status).phrase}"


def _seconds(row: _Problem) -> str:
    if row.name == client.RateLimitExceeded.slug:
        return "until the window ends"
    return "" if row.retry_after is None else f"{row.retry_after} s"
