"""The base class of errors that clients can get, and the problem document of each (RFC 9457)."""

from typing import ClassVar


def problem_document(status: int, slug: str, title: str, detail: str, **members: object) -> dict[str, object]:
    """Build a problem document (RFC 9457, section 3); `members` are added to the standard ones."""
    return {"type": f"urn:problem-type:{slug}", "title": title, "status": status, "detail": detail, **members}


class AppError(Exception):
    """An error that becomes a problem response; `detail` is one sentence, safe to show to any user."""

    status: ClassVar[int]
    slug: ClassVar[str]
    """The end of the problem's `type`, which never changes."""
    title: ClassVar[str]
    detail: str
    retry_after: int | None = None
    """In seconds (RFC 9110, section 10.2.3)."""

    def __init__(self, detail: str | None = None) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the response needs."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    @property
    def members(self) -> dict[str, object]:
        """The members of the problem beyond the standard ones."""
        return {}

    @property
    def problem(self) -> dict[str, object]:
        """The problem document."""
        return problem_document(self.status, self.slug, self.title, self.detail, **self.members)
