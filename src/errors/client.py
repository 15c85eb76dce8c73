"""Errors of a request (4xx), in the order of their status."""

import json
from typing import ClassVar

from src.errors.base import AppError

READ = "tasks:read"
WRITE = "tasks:write"
"""The scopes of OAuth clients."""


class HostNotAllowed(AppError):
    """The `Host` header names no allowed host."""

    status = 400
    slug = "host-not-allowed"
    title = "Bad request"
    detail = "The host name in 'Host' is not allowed."


class PreflightRefused(AppError):
    """A browser asks for a page of an origin that is not allowed (CORS)."""

    status = 400
    slug = "preflight-refused"
    title = "Bad request"
    detail = "Pages of this origin may not use the API; its operator can add the origin to ALLOWED_ORIGINS."


class OpaqueOriginRefused(PreflightRefused):
    """The origin is `null`, which any page can have (https://html.spec.whatwg.org/#concept-origin-opaque)."""

    detail = (
        "The origin 'null' is never allowed, because any page can have it: "
        "serve the page by HTTP instead of opening it as a file, and not in a sandboxed frame."
    )


class Unauthorized(AppError):
    """There is no token, or it is not valid (RFC 6750, section 3).

    `reason` is for the operator's log: it names the check that failed. It may quote claims of the token, such as its
    issuer, truncated and made printable; never the token or its signature.
    """

    status = 401
    slug = "unauthorized"
    title = "Unauthorized"
    detail = "The access token is expired or invalid."
    challenge: ClassVar[str] = 'Bearer error="invalid_token"'
    resource_metadata: str | None = None
    """The URL of the metadata from which an OAuth client learns where to get a token (RFC 9728, section 5.1)."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    @property
    def headers(self) -> dict[str, str]:
        """The challenge that RFC 9110, section 11.6.1 demands."""
        if self.resource_metadata is None:
            return {"WWW-Authenticate": self.challenge}
        separator = "," if "=" in self.challenge else ""
        metadata = f'resource_metadata="{self.resource_metadata}", scope="{READ} {WRITE}"'
        return {"WWW-Authenticate": f"{self.challenge}{separator} {metadata}"}


class TokenMissing(Unauthorized):
    """The request has no token; the challenge has no error code then (RFC 6750, section 3.1)."""

    detail = "Send an access token: 'Authorization: Bearer <token>'."
    challenge = "Bearer"


class UserMismatch(AppError):
    """The user in the path is not the user of the token."""

    status = 403
    slug = "user-mismatch"
    title = "Forbidden"
    detail = "Not authorized to access another user's tasks."


class InsufficientScope(AppError):
    """The access token of an OAuth client lacks a scope (RFC 6750, section 3.1)."""

    status = 403
    slug = "insufficient-scope"
    title = "Insufficient scope"

    def __init__(self, scope: str, resource_metadata: str | None) -> None:
        self.scope, self.resource_metadata = scope, resource_metadata
        super().__init__(f"The access token needs the scope '{scope}'.")

    @property
    def headers(self) -> dict[str, str]:
        """The challenge, with all scopes that a client then has to request."""
        wanted = READ if self.scope == READ else f"{READ} {WRITE}"
        metadata = f', resource_metadata="{self.resource_metadata}"' if self.resource_metadata else ""
        return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"{metadata}'}


class OriginNotAllowed(AppError):
    """A page of another origin sent a write with the session cookie (CSRF)."""

    status = 403
    slug = "origin-not-allowed"
    title = "Forbidden"
    detail = "A write with the session cookie must come from an allowed origin."


class QuotaExceeded(AppError):
    """The owner would have more tasks, or more bytes of their texts, than the quota allows."""

    status = 403
    slug = "task-quota-exceeded"
    title = "Quota exceeded"

    def __init__(self, quota: str, used: int, limit: int) -> None:
        self.quota, self.used, self.limit = quota, used, limit
        super().__init__(
            f"This would exceed the quota of {limit} {quota}, of which {used} are used; delete tasks permanently first."
        )

    @property
    def members(self) -> dict[str, object]:
        """The quota (`tasks` or `bytes`), what is used of it, and its limit."""
        return {"quota": self.quota, "used": self.used, "limit": self.limit}


class PathNotFound(AppError):
    """The API has no such path; the framework raises its own error for other unknown paths."""

    status = 404
    slug = "not-found"
    title = "Not Found"
    detail = (
        "No such path; the API is below '/api/{user_id}', and without a user id at '/api/tasks' and '/api/settings'."
    )


class TaskNotFound(AppError):
    """The owner has no task with this id; another owner's task looks the same as one that does not exist."""

    status = 404
    slug = "task-not-found"
    title = "Task not found"
    detail = "Task not found."


class OperationsFailed(AppError):
    """An atomic bulk was rolled back; `errors` has the error of each operation, or None."""

    status = 409
    slug = "operations-failed"
    title = "Operations failed"
    detail = "Nothing was changed, because some operations failed; see 'results'."

    def __init__(self, errors: list[AppError | None], *, dry_run: bool) -> None:
        super().__init__()
        self.errors = errors
        self.dry_run = dry_run

    @property
    def members(self) -> dict[str, object]:
        """One result per operation; those without an error have status 424 (RFC 4918, section 11.4)."""
        done = {"status": 424, "task": None, "problem": None}
        failed = [error and {"status": error.status, "task": None, "problem": error.problem} for error in self.errors]
        return {"results": [result or done for result in failed], "dry_run": self.dry_run}


class NotSkippable(AppError):
    """The task has no occurrence that could be skipped; `detail` says why."""

    status = 409
    slug = "not-skippable"
    title = "Cannot skip"


class _WithCurrent(AppError):
    """A write that conflicts with the stored task; `current` is that task as JSON."""

    def __init__(self, current: bytes) -> None:
        super().__init__()
        self.current = current

    @property
    def members(self) -> dict[str, object]:
        """The current task, so that the conflict can be resolved without another request."""
        return {"current": json.loads(self.current)}


class TaskExists(_WithCurrent):
    """A new task has the uid of another one; `current` is the other one, also from the trash or as a tombstone."""

    status = 409
    slug = "task-exists"
    title = "Task exists"
    detail = "A task with this uid exists; see 'current' for its current state."


class RequestInProgress(AppError):
    """The first request with this idempotency key has not finished."""

    status = 409
    slug = "request-in-progress"
    title = "Request in progress"
    detail = "A request with this idempotency key is in progress; try again in a moment."
    retry_after = 1


class SyncExpired(AppError):
    """Deletions after the sync token have been purged, or the database has never issued it."""

    status = 410
    slug = "sync-expired"
    title = "Gone"
    detail = "The sync token is expired; discard the copy and load everything again."


class TaskChanged(_WithCurrent):
    """The task's revision is not in `If-Match` (RFC 9110, section 13.1.1)."""

    status = 412
    slug = "task-changed"
    title = "Precondition failed"
    detail = "The task has changed; see 'current' for its current state."


class ContentTooLarge(AppError):
    """The request's body is larger than the limit."""

    status = 413
    slug = "content-too-large"
    title = "Content too large"
    detail = "The request body is too large."


class ResponseTooLarge(AppError):
    """The response to a request with an idempotency key is too large to be stored for replays."""

    status = 413
    slug = "response-too-large"
    title = "Response too large"
    detail = "Nothing was changed: the response is too large to store. Send fewer operations, or no idempotency key."


class RateLimitExceeded(AppError):
    """The rate limit is used up (RFC 6585, section 4); `policy` is its name, and `fields` describe it to clients."""

    status = 429
    slug = "quota-exceeded"
    title = "Too many requests"

    def __init__(self, policy: str, seconds: int, fields: dict[str, str]) -> None:
        super().__init__(f"Too many requests; try again in {seconds} {'second' if seconds == 1 else 'seconds'}.")
        self.policy, self.retry_after, self.fields = policy, seconds, fields

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, and the state of the limit."""
        return super().headers | self.fields

    @property
    def members(self) -> dict[str, object]:
        """The limit that is used up, as draft-ietf-httpapi-ratelimit-headers-10 names it for quota-exceeded."""
        return {"violated-policies": [self.policy]}


class StreamLimitExceeded(AppError):
    """The owner has the maximum number of event streams; one must end first (RFC 6585, section 4)."""

    status = 429
    slug = "too-many-streams"
    title = "Too many requests"
    detail = "You have too many event streams open; close one and try again."
    retry_after = 15
