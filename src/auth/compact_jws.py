"""Strict parser for tokens in JWS compact serialization (RFC 7515), which runs before any cryptography."""

from dataclasses import dataclass
from typing import Final

from src.auth import base64url
from src.auth.algorithms import ALGORITHMS
from src.auth.log_safe import log_safe
from src.auth.strict_json import JsonFormError, JsonObject, read_object
from src.errors.client import Unauthorized

MAX_LENGTH: Final = 8192
_SEGMENTS: Final = ("header", "payload", "signature")
SESSION_TOKEN: Final = "JWT"  # noqa: S105 - a kind, not a token
"""The `typ` of tokens of a user's session."""
OAUTH_TOKEN: Final = "at+jwt"  # noqa: S105 - the same
"""The `typ` of access tokens that an OAuth client has for a user (RFC 9068, section 2.1)."""
_INSTEAD: Final = "send the JWT of /api/auth/token instead"


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A well-formed JWS with an accepted algorithm, whose signature is not verified yet."""

    text: str
    algorithm: str
    key_id: object
    payload: bytes

    def claims(self) -> JsonObject:
        """Parse the claims set (RFC 7519, section 4).

        Raises:
            Unauthorized: The payload is not an unambiguous JSON object.
        """
        return _object("payload", self.payload)


def parse(text: str, kind: str = SESSION_TOKEN) -> CompactToken:
    """Parse a token of a kind (RFC 7515, sections 3.1 and 5.2) without trusting its contents.

    Raises:
        Unauthorized: The token is too long, is not three segments of canonical base64url, or its header is refused.
    """
    _check_text(text)
    header, payload, _signature = map(_decoded, _SEGMENTS, text.split("."))
    fields = _object("header", header)
    return CompactToken(text, _accepted_algorithm(fields, kind), fields.get("kid"), payload)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise Unauthorized(f"the token is longer than {MAX_LENGTH} characters")
    if not text.isascii():
        raise Unauthorized("the token has characters beyond ASCII")
    if text.count(".") != len(_SEGMENTS) - 1:
        raise Unauthorized(_likely_kind(text))


def _likely_kind(text: str) -> str:
    match text.count("."):
        case 0 if text.startswith("eyJ"):
            return f"it looks like a 'session_data' cookie of the strategy 'compact': {_INSTEAD}"
        case 0 | 1 if text:
            return f"it looks like an opaque session token: {_INSTEAD}"
        case 4:
            return f"it looks like an encrypted token (JWE): {_INSTEAD}"
    return "not a JWT: it needs exactly two dots"


def _decoded(segment: str, text: str) -> bytes:
    if not text:
        raise Unauthorized(f"the {segment} is empty")
    try:
        return base64url.decode(text)
    except ValueError:
        raise Unauthorized(f"the {segment} is not canonical base64url") from None


def _object(segment: str, raw: bytes) -> JsonObject:
    try:
        return read_object(raw)
    except JsonFormError as error:
        raise Unauthorized(f"the {segment} is not acceptable: {error}") from None


def _accepted_algorithm(header: JsonObject, kind: str) -> str:
    _check_extensions(header)
    _check_type(header, kind)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthorized(f"the algorithm is {log_safe(algorithm)}, not one of {', '.join(ALGORITHMS)}")
    return algorithm


def _check_extensions(header: JsonObject) -> None:
    # RFC 7515, section 4.1.11: unsupported extensions must be refused, and none is supported here.
    for name in ("crit", "b64"):
        if name in header:
            raise Unauthorized(f"the header has '{name}': no extension is supported")


def _check_type(header: JsonObject, expected: str) -> None:
    kind = header.get("typ", SESSION_TOKEN)
    if not isinstance(kind, str) or kind.lower() not in _TYPES[expected]:
        raise Unauthorized(
            f"the header's 'typ' is {log_safe(kind)}, not '{expected}': not {_NAMES[expected]} of Better Auth"
        )


_TYPES: Final = {SESSION_TOKEN: ("jwt",), OAUTH_TOKEN: ("at+jwt", "application/at+jwt")}  # RFC 9068, section 4
_NAMES: Final = {SESSION_TOKEN: "a session token", OAUTH_TOKEN: "an OAuth access token"}
