"""Types of settings, which parse and validate them. No error message contains a value."""

import json
import re
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, PlainValidator, SecretStr
from pydantic_settings import NoDecode

from src.db.url import DatabaseUrl
from src.schemas.compatibility import Switch
from src.schemas.origin import Origin
from src.schemas.text import lowercase

_SECRET_LENGTH = 32

# The secret that Better Auth uses if none is set. It is public, so anyone could sign tokens with it.
_BETTER_AUTH_DEFAULT_SECRET = "better-auth-secret-12345678901234567890"  # noqa: S105 - refused, not used


_BYTES = re.compile(r"([0-9]{1,15})\s*(?:([kmgt])(?:i?b)?|b)?")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def _parse_database_url(value: object) -> DatabaseUrl:
    return value if isinstance(value, DatabaseUrl) else DatabaseUrl.parse(str(value))


def _split(value: object) -> object:
    """Parse a list that is separated by commas, `a,b`, or written as JSON, `["a", "b"]`, in which commas may occur."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError):
        parsed = json.loads(value)
        if isinstance(parsed, list):
            return [part.strip() if isinstance(part, str) else part for part in parsed]
    parts = value.strip().removeprefix("[").removesuffix("]").split(",")
    return [part.strip().strip("\"'") for part in parts if part.strip()]


def _parse_host(value: str) -> str:
    host = value.strip().lower()
    if not _HOST.fullmatch(host):
        raise ValueError("must be host names such as api.example.com or *.example.org, without a port")
    return host


def _strip_version_prefix(value: object) -> object:
    """Remove the version numbers that Better Auth puts before secrets during a rotation: `2:new,1:old`."""
    parts = _split(value)
    return [part.partition(":")[2] for part in parts] if isinstance(parts, list) and isinstance(value, str) else parts


def _require_strong_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _SECRET_LENGTH:
        raise ValueError(f"must have at least {_SECRET_LENGTH} characters")
    if secret.get_secret_value() == _BETTER_AUTH_DEFAULT_SECRET:
        raise ValueError("must not be Better Auth's public default; generate one with 'openssl rand -base64 32'")
    if secret.get_secret_value().startswith(("-----BEGIN", "ssh-")):
        raise ValueError("must not be a PEM or SSH key: HS256 needs a random secret, not a public or asymmetric key")
    return secret


def _reject_email_claim(claim: str) -> str:
    if claim == "email":
        raise ValueError("must not be 'email': Better Auth signs verification links with the same secret")
    return claim


DatabaseUrlSetting = Annotated[DatabaseUrl, NoDecode, PlainValidator(_parse_database_url)]
Secret = Annotated[SecretStr, AfterValidator(_require_strong_secret)]
Secrets = Annotated[list[Secret], NoDecode, BeforeValidator(_strip_version_prefix)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lowercase)]
Urls = Annotated[list[HttpUrl], NoDecode, BeforeValidator(_split)]
Texts = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Origins = Annotated[list[Origin], NoDecode, BeforeValidator(_split)]
UserIdClaim = Annotated[str, AfterValidator(_reject_email_claim)]
Switches = Annotated[list[Switch], NoDecode, BeforeValidator(_split)]
HostList = Annotated[list[Annotated[str, AfterValidator(_parse_host)]], NoDecode, BeforeValidator(_split)]


def _parse_public_url(text: str) -> str:
    try:
        url = HttpUrl(text.strip())
    except ValueError:
        url = None
    if url is None or url.query or url.fragment or url.username:
        raise ValueError("must be the URL of this API, such as https://api.example.com")
    return str(url).rstrip("/")


PublicUrl = Annotated[str, AfterValidator(_parse_public_url)]

_MAX_QUOTA = 10**15
MIN_BYTES = 64 * 1024
"""More than any task has, so that the first task of a user is never refused."""


def _off(value: object) -> object:
    return 0 if str(value).lower() == "off" else value


def _require_room_for_a_task(value: int) -> int:
    if value and value < MIN_BYTES:
        raise ValueError("must be at least 64KiB, or 0 for no limit")
    return value


def _parse_bytes(value: object) -> object:
    match = _BYTES.fullmatch(str(_off(value)).strip().lower())
    if match is None:
        raise ValueError("must be a number of bytes, such as 268435456 or 256MiB, or 0 for no limit")
    return int(match[1]) * 1024 ** "bkmgt".index(match[2] or "b")


QuotaOrOff = Annotated[int, BeforeValidator(_off), Field(ge=0, le=_MAX_QUOTA)]
BytesOrOff = Annotated[
    int, BeforeValidator(_parse_bytes), Field(ge=0, le=_MAX_QUOTA), AfterValidator(_require_room_for_a_task)
]
