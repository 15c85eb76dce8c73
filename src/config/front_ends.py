"""The front ends in the settings: from BETTER_AUTH_URL and its companions to issuers, audiences and JWKS URLs."""

from itertools import zip_longest
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, HttpUrl

from src.config.types import Texts, Urls
from src.schemas.origin import WILDCARD, check_pattern, origin_of

_JWKS_PATHS: Final = ("/.well-known/jwks.json", "/jwks")
_BASE_PATH: Final = "/api/auth"
_NEON: Final = ".neonauth."


class FrontEndSettings(NamedTuple):
    """A front end: the required `iss` and `aud` of its tokens, which may be patterns, and the URL of its JWKS."""

    issuers: list[str]
    audiences: list[str]
    jwks_url: str | None


def front_ends(
    urls: list[HttpUrl], jwks_urls: list[HttpUrl], issuers: list[str], audiences: list[str]
) -> list[FrontEndSettings]:
    """List the front ends. A URL with `*` adds issuers and audiences to the URL before it, and has the keys of that.

    Raises:
        ValueError: There are not as many JWKS URLs or issuers as front ends, or two front ends have the same issuer.
    """
    groups = _groups(urls)
    count = len(groups) or len(jwks_urls) or len(issuers) or min(len(audiences), 1)
    _check_length("BETTER_AUTH_JWKS_URL", jwks_urls, count)
    _check_length("BETTER_AUTH_ISSUER", issuers, count)
    rows = zip_longest(groups, jwks_urls, issuers, fillvalue=None)
    found = [_front_end(group or [], jwks_url, issuer, audiences) for group, jwks_url, issuer in rows]
    names = [name for each in found for name in each.issuers]
    if len(names) != len(set(names)):
        raise ValueError(
            "BETTER_AUTH_URL has two front ends with the same issuer: set BETTER_AUTH_ISSUER, one for each"
        )
    return found or [FrontEndSettings([], audiences, None)] * count


def authorization_servers(urls: list[HttpUrl], issuers: list[str]) -> list[str]:
    """List the issuers of the access tokens of OAuth clients, in the order of the front ends.

    By default that is the URL of Better Auth with its path, where the issuer of sessions' tokens is the origin alone.
    """
    return issuers or [f"{origin_of(url)}{_base_path(url) or _BASE_PATH}" for url in urls if not _is_pattern(url)]


def _groups(urls: list[HttpUrl]) -> list[list[HttpUrl]]:
    groups: list[list[HttpUrl]] = []
    for url in urls:
        if _is_pattern(url):
            groups[-1].append(url)
        else:
            groups.append([url])
    return groups


def _check_length(setting: str, values: list[str] | list[HttpUrl], count: int) -> None:
    if values and len(values) != count:
        raise ValueError(f"{setting} must have as many members as BETTER_AUTH_URL has URLs without '*', in their order")


def _front_end(
    group: list[HttpUrl], jwks_url: HttpUrl | None, issuer: str | None, audiences: list[str]
) -> FrontEndSettings:
    first, patterns = group[:1], [origin_of(url) for url in group[1:]]
    own = [name for url in first for name in _names(url)]
    keys = str(jwks_url) if jwks_url else next(map(_jwks_url, first), None)
    return FrontEndSettings([*([issuer] if issuer else own), *patterns], audiences or [*own, *patterns], keys)


def _names(url: HttpUrl) -> list[str]:
    """Return the issuers of a front end: its origin; for Neon's managed Better Auth, also its URL."""
    origin = origin_of(url)
    return list(dict.fromkeys((origin, f"{origin}{_base_path(url)}" if _NEON in origin else origin)))


def _jwks_url(url: HttpUrl) -> str:
    """Return the URL of the JWKS: this URL if it is one, or else below its path, or `/api/auth` if it has none."""
    path = (url.path or "").rstrip("/")
    if path.endswith(_JWKS_PATHS):
        return f"{origin_of(url)}{path}"
    neon, usual = _JWKS_PATHS
    return f"{origin_of(url)}{path or _BASE_PATH}{neon if _NEON in origin_of(url) else usual}"


def _base_path(url: HttpUrl) -> str:
    path = (url.path or "").rstrip("/")
    for suffix in _JWKS_PATHS:
        path = path.removesuffix(suffix)
    return path


def _is_pattern(url: HttpUrl) -> bool:
    return WILDCARD in origin_of(url)


def _check_urls(urls: list[HttpUrl]) -> list[HttpUrl]:
    if urls and _is_pattern(urls[0]):
        raise ValueError(
            "must begin with a URL without '*', because URLs with '*' have the keys of the URL before them"
        )
    for url in urls:
        check_pattern(origin_of(url))
    return urls


def _check_names(names: list[str]) -> list[str]:
    for name in names:
        if WILDCARD in name and (not urlsplit(name).netloc or urlsplit(name).path):
            raise ValueError("may have '*' only in an origin such as https://app-git-*.vercel.app")
        check_pattern(name)
    return names


FrontEndUrls = Annotated[Urls, AfterValidator(_check_urls)]
Names = Annotated[Texts, AfterValidator(_check_names)]
