"""Error responses of the server itself: for invalid HTTP, for slow requests, and when it is overloaded."""

from fastapi import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from src.api.middleware.response_headers import NO_STORE, SECURITY
from src.api.problems import render
from src.errors.base import AppError
from src.errors.server import ServiceUnavailable


class InvalidHttp(AppError):
    """The bytes received are not valid HTTP/1.1."""

    status = 400
    slug = "invalid-http"
    title = "Bad request"
    detail = "The request is not valid HTTP."


class UpgradeWithBody(InvalidHttp):
    """An upgrade request has a body, which cannot be distinguished from data of the other protocol."""

    slug = "upgrade-with-body"
    detail = "This server supports only HTTP/1.1; send the request without the Upgrade header."


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
    detail = "The request line and headers are too large."


class ServerOverloaded(ServiceUnavailable):
    """The process already handles its maximum of concurrent requests."""


def error_response(error: AppError) -> Response:
    """Render the error as a response with security headers."""
    response = render(error)
    response.raw_headers += [*SECURITY, NO_STORE]
    return response


def serialize(response: Response, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    """Serialize the last response of a connection to HTTP/1.1."""
    headers = [*default_headers, *response.raw_headers, (b"connection", b"close")]
    lines = (name + b": " + value + b"\r\n" for name, value in headers)
    return STATUS_LINE[response.status_code] + b"".join(lines) + b"\r\n" + bytes(response.body)


def has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request with these headers has a body (RFC 9112, section 6)."""
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers)
