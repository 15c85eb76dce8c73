"""Errors of invalid requests (422), beside those that the schemas find."""

from src.errors.base import AppError


class InvalidField(AppError):
    """One part of the request is invalid; the response names it like every other 422."""

    status = 422
    field: str

    @property
    def members(self) -> dict[str, object]:
        """The invalid part, as `src.api.problems.FieldError`."""
        return {"errors": [{"field": self.field, "message": self.detail, "type": self.slug.replace("-", "_")}]}


class InvalidCursor(InvalidField):
    """The cursor was not made by this API for this kind of list."""

    slug = "invalid-cursor"
    title = "Invalid cursor"
    detail = "The cursor is invalid; take it from 'next_cursor' of the previous page."
    field = "cursor"


class InvalidTimeZone(InvalidField):
    """A request names a time zone that does not exist; `field` is the parameter or header."""

    slug = "invalid-time-zone"
    title = "Invalid time zone"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field} must be a time zone of the IANA database, such as Europe/Paris.")


class TimeZoneUnknown(InvalidField):
    """A member depends on the time zone of the user, and neither the request nor the user's settings name one."""

    slug = "time-zone-unknown"
    title = "Time zone unknown"

    def __init__(self, field: str, alternative: str = "the time with its offset") -> None:
        self.field = field
        super().__init__(
            f"{field} depends on a time zone, and none is known: send {alternative}, the parameter 'tz' or the header "
            "'Time-Zone' (such as Europe/Paris), or store a time zone with PUT /api/{user_id}/settings."
        )


class IdempotencyKeyReused(InvalidField):
    """Another request has used this idempotency key."""

    slug = "idempotency-key-reused"
    title = "Idempotency key reused"
    detail = "This idempotency key belongs to another request; use a new key for each request."
    field = "Idempotency-Key"


class UidChanged(InvalidField):
    """A change has another uid than the task."""

    slug = "uid-changed"
    title = "Uid changed"
    detail = "uid cannot be changed; leave it out, or send that of the task."
    field = "uid"


class TaskRepeated(InvalidField):
    """Two operations of a bulk are on one task: one names its id, the other its uid."""

    slug = "task-repeated"
    title = "Task repeated"
    detail = "operations: a task may occur in one operation only, whether its id or its uid names it."
    field = "operations"
