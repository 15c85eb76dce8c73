"""What the server refuses by itself, before the application sees a request or where there is no room for one."""

from fastapi import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from src.api.problems import render
from src.api.response_headers import NEVER_STORED, SECURITY
from src.errors import AppError, ServiceUnavailable


class InvalidHttp(AppError):
    """What came is not HTTP/1.1."""

    status = 400
    slug = "invalid-http"
    title = "Bad request"
    detail = "The request is not valid HTTP."


class UpgradeWithBody(InvalidHttp):
    """A request for another protocol that has a body, which nobody can tell from the other protocol's beginning."""

    slug = "upgrade-with-body"
    detail = "This server speaks HTTP/1.1 alone: send the request without the Upgrade header."


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


class NoRoom(ServiceUnavailable):
    """As many requests are being answered as the process takes at once."""


def answer(error: AppError) -> Response:
    """The answer to what is refused."""
    response = render(error)
    response.raw_headers += [*SECURITY, NEVER_STORED]
    return response


def as_bytes(response: Response, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    """How it goes over a connection of which it is the last."""
    headers = [*default_headers, *response.raw_headers, (b"connection", b"close")]
    lines = (name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[response.status_code] + b"".join(lines) + b"\r\n" + bytes(response.body)


def has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request with these has one (RFC 9112, section 6)."""
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers)
