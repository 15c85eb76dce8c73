"""Errors of the service (5xx)."""

from src.errors.base import AppError


class ServiceUnavailable(AppError):
    """The database is unavailable, or the process is overloaded or shuts down; a retry may succeed in a moment."""

    status = 503
    slug = "service-unavailable"
    title = "Service unavailable"
    detail = "The service is temporarily unavailable; try again in a moment."
    retry_after = 1


class StreamCapacityExceeded(ServiceUnavailable):
    """The process has the maximum number of event streams; another process may have capacity."""

    retry_after = 15


class TooManyUnreadResponses(ServiceUnavailable):
    """The large responses of the process or of the owner wait for clients that do not read them."""

    detail = "Too many large responses have not been read yet; read them, or request smaller pages."


class ShuttingDown(ServiceUnavailable):
    """The process is shutting down; a retry reaches another one."""

    detail = "The service is shutting down."


class SigningKeysUnavailable(ServiceUnavailable):
    """The key of a token is not cached and the JWKS endpoint is unavailable, so the token cannot be verified.

    `reason` is for the operator: it names the URL and the cause.
    """

    slug = "signing-keys-unavailable"
    detail = "The keys that verify access tokens cannot be fetched; try again in a moment."
    retry_after = 5

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
