"""What the server refuses before there is a request that the application could see."""

from src.errors import AppError


class InvalidHttp(AppError):
    """What came is not HTTP/1.1."""

    status = 400
    slug = "invalid-http"
    title = "Bad request"
    detail = "The request is not valid HTTP."


class RequestTimeout(AppError):
    """The request did not arrive in time."""

    status = 408
    slug = "request-timeout"
    title = "Request timeout"
    detail = "The request took too long to arrive."


class RequestHeadTooLarge(AppError):
    """The request line, headers and trailers are larger than the server reads."""

    status = 431
    slug = "request-head-too-large"
    title = "Request header fields too large"
    detail = "The request has too many or too large headers, or too long an address."
