"""Where a request carries its token."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from src.errors import OriginNotAllowed, TokenMissing, Unauthorized

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_COOKIES = ("__Secure-better-auth.session_data", "better-auth.session_data")


def bearer_token(headers: Headers) -> str:
    """The token of the one `Authorization` header (RFC 6750, section 2.1).

    Raises:
        TokenMissing: There is no such header, or it is of another scheme.
        Unauthorized: There are several; which one counts would be a guess.
    """
    values = headers.getlist("authorization")
    if len(values) > 1:
        raise Unauthorized("several Authorization headers")
    scheme, _, token = values[0].partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise TokenMissing("no Authorization header with a Bearer token")
    return token.strip(" ")


def cookie_token(scope: Scope, headers: Headers, origins: frozenset[str]) -> str | None:
    """The token of Better Auth's session cookie, if there is one.

    A browser sends cookies wherever a page makes it send a request, so one that changes something must come from a
    page of ours: its `Origin` must be one of `origins`.

    Raises:
        OriginNotAllowed: It changes something, and comes from elsewhere.
    """
    token = _session_data(cookie_parser("; ".join(headers.getlist("cookie"))))
    if token and scope["method"] not in _SAFE_METHODS and headers.get("origin") not in origins:
        raise OriginNotAllowed
    return token


def _session_data(cookies: dict[str, str]) -> str | None:
    """Better Auth splits what is too long for one cookie into `name.0`, `name.1` and so on."""
    for name in _COOKIES:
        chunks = [cookies[f"{name}.{number}"] for number in range(len(cookies)) if f"{name}.{number}" in cookies]
        if token := cookies.get(name) or "".join(chunks):
            return token
    return None
