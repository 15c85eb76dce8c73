"""Everything that can go wrong for a client, one class each; `src.api.problems` renders them (RFC 9457).

AppError                       `src.server.errors` has those that no application sees
├── HostNotAllowed        400  the request names a host that this is not (in `src.api.allowed_hosts`)
├── Unauthorized          401  no valid token
├── NotYourPath           403  the path names another user
├── OriginNotAllowed      403  a cookie came from a page of somebody else
├── TaskNotFound          404  the owner has no such task
├── OperationsFailed      409  one of several operations cannot be done, so none was
├── RequestInProgress     409  the first one with this idempotency key is not through (in `src.services.answers`)
├── SyncExpired           410  what has changed since is forgotten (in `src.services.changes`)
├── TaskChanged           412  the task is not the one that the client knows
├── ContentTooLarge       413  a body beyond the limit
├── AnswerTooLarge        413  an answer that cannot be kept for its idempotency key (in `src.services.answers`)
├── InvalidField          422  one part of the request is wrong
│   ├── InvalidCursor     422  a cursor that this API did not make
│   └── IdempotencyKeyReused 422  another request has had this idempotency key (in `src.services.answers`)
├── TooManyRequests       429  a rate limit is used up for now (in `src.api.rate_limits`)
├── TooManyStreams        429  the owner has too many streams (in `src.services.subscription`)
└── ServiceUnavailable    503  try again after a moment
    ├── NoRoomForStreams  503  the process has as many streams as it takes (in `src.services.subscription`)
    ├── Stopping          503  the process was told to end (in `src.api.dependencies`)
    └── KeysUnavailable   503  the keys for tokens cannot be fetched (in `src.auth.jwks`)
"""

import json
from typing import ClassVar


def problem_document(status: int, slug: str, title: str, detail: str, **members: object) -> dict[str, object]:
    """A problem document (RFC 9457, section 3); `members` are added to the standard ones."""
    return {"type": f"urn:problem-type:{slug}", "title": title, "status": status, "detail": detail, **members}


class AppError(Exception):
    """A refusal that a client can understand: `detail` is one sentence, safe to show to anybody."""

    status: ClassVar[int]
    slug: ClassVar[str]
    """What the problem is called in its `type`, stable for ever."""
    title: ClassVar[str]
    detail: str
    retry_after: int | None = None
    """When to try again, in seconds (RFC 9110, section 10.2.3)."""

    def __init__(self, detail: str | None = None) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """The response headers that this refusal needs."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def members(self) -> dict[str, object]:
        """What the problem tells beyond the standard members."""
        return {}

    @property
    def problem(self) -> dict[str, object]:
        """The problem document."""
        return problem_document(self.status, self.slug, self.title, self.detail, **self.members)


class Unauthorized(AppError):
    """There is no token, or it does not prove who calls (RFC 6750, section 3).

    `reason` is for the operator's log: it says which check failed. It may quote what the token says, such as its
    issuer, cut short and made printable; never the token or its signature.
    """

    status = 401
    slug = "unauthorized"
    title = "Unauthorized"
    detail = "The access token is expired or invalid."
    challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    @property
    def headers(self) -> dict[str, str]:
        """The challenge that RFC 9110, section 11.6.1 demands."""
        return {"WWW-Authenticate": self.challenge}


class TokenMissing(Unauthorized):
    """Nobody said who calls; RFC 6750 wants no error code then."""

    detail = "Send an access token: 'Authorization: Bearer <token>'."
    challenge = "Bearer"


class NotYourPath(AppError):
    """The user in the path is not the user of the token."""

    status = 403
    slug = "not-your-path"
    title = "Forbidden"
    detail = "The user in the path is not the user of the access token."


class OriginNotAllowed(AppError):
    """A page of another origin made the browser send its cookie along with a change."""

    status = 403
    slug = "origin-not-allowed"
    title = "Forbidden"
    detail = "A change that is authenticated by a cookie must come from an allowed origin."


class TaskNotFound(AppError):
    """The owner has no task with this id; whether somebody else does is not told."""

    status = 404
    slug = "task-not-found"
    title = "Task not found"
    detail = "Task not found."


class TaskChanged(AppError):
    """The task is not the one that `If-Match` names (RFC 9110, section 13.1.1); `current` is what it is, as JSON."""

    status = 412
    slug = "task-changed"
    title = "Precondition failed"
    detail = "The task has been changed meanwhile; look at 'current' and decide again."

    def __init__(self, current: str) -> None:
        super().__init__()
        self.current = current

    @property
    def members(self) -> dict[str, object]:
        """The task as it is now, to resolve the conflict without another request."""
        return {"current": json.loads(self.current)}


class OperationsFailed(AppError):
    """Several operations must be done together and some cannot; `errors` says for each what is wrong with it."""

    status = 409
    slug = "operations-failed"
    title = "Operations failed"
    detail = "Nothing was changed, as some of the operations cannot be done; look at 'results'."

    def __init__(self, errors: list[AppError | None]) -> None:
        super().__init__()
        self.errors = errors

    @property
    def members(self) -> dict[str, object]:
        """A result for each operation; those that could be done have the status of a failed dependency (RFC 4918)."""
        done = {"status": 424, "task": None, "problem": None}
        failed = [each and {"status": each.status, "task": None, "problem": each.problem} for each in self.errors]
        return {"results": [each or done for each in failed]}


class ContentTooLarge(AppError):
    """The request's body is larger than the API reads."""

    status = 413
    slug = "content-too-large"
    title = "Content too large"
    detail = "The request body is too large."


class InvalidField(AppError):
    """A part of the request that is wrong, named as in every other answer of 422."""

    status = 422
    field: ClassVar[str]

    @property
    def members(self) -> dict[str, object]:
        """The one part, as `src.api.problems.FieldError`."""
        return {"errors": [{"field": self.field, "message": self.detail, "type": self.slug.replace("-", "_")}]}


class InvalidCursor(InvalidField):
    """The cursor was not made by this API for this kind of list."""

    slug = "invalid-cursor"
    title = "Invalid cursor"
    detail = "The cursor is invalid; take it from 'next_cursor' of the previous page."
    field = "cursor"


class ServiceUnavailable(AppError):
    """Something the API depends on is out of reach; the same request may succeed in a moment."""

    status = 503
    slug = "service-unavailable"
    title = "Service unavailable"
    detail = "The service is temporarily unavailable; try again in a moment."
    retry_after = 1
