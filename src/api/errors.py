"""Errors that only the layer of HTTP raises: for hosts and origins, and for responses that are not read."""

from src.errors import AppError, ServiceUnavailable


class HostNotAllowed(AppError):
    """The `Host` header is none of the allowed hosts."""

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


class OriginNotAllowed(AppError):
    """A page of another origin sent a write with the session cookie (CSRF)."""

    status = 403
    slug = "origin-not-allowed"
    title = "Forbidden"
    detail = "A write with the session cookie must come from an allowed origin."


class TooManyUnreadResponses(ServiceUnavailable):
    """The large responses of the process or of the owner wait for clients that do not read them."""

    detail = "Too many large responses have not been read yet; read them, or request smaller pages."
