"""Check the sources of tokens: secrets and JWKS."""

import math
from collections.abc import AsyncIterator

import httpx

from src.auth.http_json import FetchError, fetch_json
from src.auth.jwk import usable_keys
from src.config import FrontEndSettings, Settings
from src.doctor.findings import Finding, failed, ok, warning

_SECONDS = 4
_MIN_ENTROPY_BITS = 120
_LOCAL = {"localhost", "127.0.0.1", "::1"}


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """Check the secrets and the JWKS, and report the required claims."""
    for secret in settings.secrets:
        yield _secret(secret)
    for url in dict.fromkeys(each.jwks_url for each in settings.front_ends if each.jwks_url):
        yield await _jwks(httpx.URL(url))
    for front_end in settings.front_ends:
        if front_end.issuers:
            yield ok("claims", _claims(front_end))


def _claims(front_end: FrontEndSettings) -> str:
    issuers, audiences = (" or ".join(map(repr, names)) for names in (front_end.issuers, front_end.audiences))
    keys = f", if a key of {httpx.URL(front_end.jwks_url).host} signed them" if front_end.jwks_url else ""
    return f"tokens must name {issuers} as issuer and {audiences} as audience{keys}"


def _secret(secret: str) -> Finding:
    """Estimate the entropy of a secret, with the estimate and threshold of Better Auth (https://github.com/better-auth/better-auth)."""
    bits = len(secret) * math.log2(len(set(secret)))
    if bits < _MIN_ENTROPY_BITS:
        return warning(
            "secret", "easy to guess: generate one with 'openssl rand -base64 32', for the front end and this API"
        )
    return ok(
        "secret", f"{len(secret)} characters; check with 'python -m src token --inspect' that it is the front end's"
    )


async def _jwks(url: httpx.URL) -> Finding:
    location = f"{url.scheme}://{url.netloc.decode()}{url.path}"
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as http:
            document = await fetch_json(http, url, seconds=_SECONDS)
        entries = document["keys"] if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise FetchError("the response is not a JWK Set")  # noqa: TRY301 - the same remedy for all errors
    except (FetchError, KeyError) as error:
        return failed("JWKS", f"{location} has no keys ({error}): {_remedy(error)}")
    return _keys(location, url, entries)


def _remedy(error: FetchError | KeyError) -> str:
    if isinstance(error, FetchError) and error.status == httpx.codes.INTERNAL_SERVER_ERROR:
        return "does Better Auth's database have the table jwks of the jwt plugin? Run 'npx auth migrate' there"
    return "is the front end running with the jwt plugin? If its address differs for the API, set BETTER_AUTH_JWKS_URL"


def _keys(location: str, url: httpx.URL, entries: list[object]) -> Finding:
    names = usable_keys(entries)
    kinds = ", ".join(sorted({algorithm for _, algorithm in names}))
    if not names:
        return failed("JWKS", f"{location} has {len(entries)} keys, and none is usable: see the warnings")
    text = f"{len({kid for kid, _ in names})} of {len(entries)} keys at {location} are usable, for {kinds}"
    if url.scheme == "http" and url.host not in _LOCAL:
        return warning(
            "JWKS", f"{text}; but use https outside a private network, because an attacker could replace the keys"
        )
    return ok("JWKS", text)
