"""Reads the access token from the headers of a request."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from src.errors.client import OriginNotAllowed, TokenMissing, Unauthorized
from src.schemas.origin import OriginSet

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIES = ("__Secure-better-auth.session_data", "better-auth.session_data")


def bearer_token(scope: Scope) -> str:
    """Return the token of the one `Authorization` header (RFC 6750, section 2.1).

    Raises:
        TokenMissing: There is no such header, or it is of another scheme.
        Unauthorized: There are several, which proxies may interpret differently.
    """
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) > 1:
        raise Unauthorized("several Authorization headers")
    scheme, _, token = values[0].decode("latin-1").partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing("no Authorization header with a Bearer token")
    return token.strip(" ")


def cookie_token(scope: Scope, origins: OriginSet) -> str | None:
    """Return the token of Better Auth's session cookie, if there is one and no `Authorization` header.

    Browsers send cookies with requests of any page, so the `Origin` of a request that is not safe must be one of
    `origins` (protection against CSRF).

    Raises:
        OriginNotAllowed: The method is not safe, and the origin is another one.
    """
    headers = Headers(scope=scope)
    if "authorization" in headers:
        return None
    token = _session_data(cookie_parser("; ".join(headers.getlist("cookie"))))
    if token and scope["method"] not in SAFE_METHODS and headers.get("origin") not in origins:
        raise OriginNotAllowed
    return token


def _session_data(cookies: dict[str, str]) -> str | None:
    """Join the chunks `name.0`, `name.1`, … into which Better Auth splits a long value."""
    for name in _COOKIES:
        chunks = [cookies[f"{name}.{number}"] for number in range(len(cookies)) if f"{name}.{number}" in cookies]
        if token := cookies.get(name) or "".join(chunks):
            return token
    return None
