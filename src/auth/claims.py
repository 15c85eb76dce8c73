"""What a signed token must claim before its bearer is anybody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from src.auth.identity import Identity
from src.auth.quoting import quoted
from src.auth.strict_json import JsonObject
from src.errors import Unauthorized

LEEWAY: Final = 30
"""Seconds by which another machine's clock may be ahead; `exp` gets none of it."""
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999
_LONGEST_ID: Final = 255
_LONGEST_EMAIL: Final = 320  # 64 + "@" + 255 (RFC 5321, section 4.5.3.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPolicy:
    """What the settings demand of claims."""

    issuer: str | None
    audiences: frozenset[str]
    user_id_claim: str
    strict_hs256: bool
    accept_session_cookie_cache: bool


class Case(NamedTuple):
    """Claims, how they were signed, and what they are measured against."""

    claims: JsonObject
    by_secret: bool
    now: float
    policy: ClaimsPolicy


class Check(NamedTuple):
    """One demand: `enforce` raises Unauthorized where `guarantee` does not hold."""

    name: str
    guarantee: str
    enforce: Callable[[Case], object]


def identity_of(case: Case) -> Identity:
    """Whom the claims identify, all of `CHECKS` being met.

    Raises:
        Unauthorized: a check fails; the reason is that of the first.
    """
    for check in CHECKS:
        check.enforce(case)
    return Identity(_user_id(case), _email(case), _expiry(case))


def _expiry(case: Case) -> float:
    expires_at = _moment(case.claims, "exp")
    if expires_at is None:
        raise Unauthorized("there is no 'exp': a token without an end is not accepted")
    if case.now >= expires_at:
        raise Unauthorized(f"the token expired {case.now - expires_at:.0f} s ago")
    return expires_at


def _not_before(case: Case) -> None:
    _check_not_ahead(case, "nbf", "is valid only")


def _issued_at(case: Case) -> None:
    _check_not_ahead(case, "iat", "was issued")


def _check_not_ahead(case: Case, claim: str, complaint: str) -> None:
    moment = _moment(case.claims, claim)
    if moment is not None and moment > case.now + LEEWAY:
        raise Unauthorized(
            f"the token {complaint} {moment - case.now:.0f} s from now ('{claim}'): are both clocks right?"
        )


def _moment(claims: JsonObject, name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2)."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized(f"'{name}' is {quoted(value)}, not a number")
    if not -_LAST_SECOND <= value <= _LAST_SECOND:
        raise Unauthorized(f"'{name}' is not a moment before the year 10000: is it in milliseconds?")
    return float(value)


def _issuer(case: Case) -> None:
    if "iss" not in case.claims:
        return _check_absence(case, "iss")
    issuer, expected = case.claims["iss"], case.policy.issuer
    if not isinstance(issuer, str) or issuer != (expected or issuer):
        raise Unauthorized(f"the issuer is {quoted(issuer)}, expected {quoted(expected)}")
    return None


def _audience(case: Case) -> None:
    if "aud" not in case.claims:
        return _check_absence(case, "aud")
    audiences, expected = _audiences(case.claims["aud"]), case.policy.audiences
    if expected and expected.isdisjoint(audiences):
        raise Unauthorized(f"the audience is {_listed(audiences)}, expected {_listed(sorted(expected))}")
    return None


def _check_absence(case: Case, name: str) -> None:
    if not case.by_secret:
        raise Unauthorized(f"there is no '{name}': a token of a JWKS key needs it")
    if case.policy.strict_hs256:
        raise Unauthorized(f"there is no '{name}': the settings demand it of HS256 tokens too")


def _audiences(claim: object) -> list[str]:
    """One audience or several (RFC 7519, section 4.1.3)."""
    candidates = claim if isinstance(claim, list) else [claim]
    audiences = [candidate for candidate in candidates if isinstance(candidate, str)]
    if len(audiences) != len(candidates):
        raise Unauthorized("'aud' is neither a string nor an array of strings")
    return audiences


def _listed(audiences: list[str]) -> str:
    return quoted(", ".join(audiences))


def _user_id(case: Case) -> str:
    user_id = _profile(case)[0]
    if not isinstance(user_id, str):
        raise Unauthorized(f"the user id is {quoted(user_id)}, not a string")
    if not 1 <= len(user_id) <= _LONGEST_ID:
        raise Unauthorized(f"the user id has {len(user_id)} characters, not 1 to {_LONGEST_ID}")
    if " " in user_id or not user_id.isprintable():
        raise Unauthorized("the user id has spaces or characters that cannot be printed")
    if "/" in user_id or user_id in {".", ".."}:
        raise Unauthorized("the user id cannot stand in a path: it has a slash, or is one or two dots")
    return user_id


def _email(case: Case) -> str | None:
    email = _profile(case)[1]
    fits = isinstance(email, str) and len(email) <= _LONGEST_EMAIL and email.isprintable()
    return str(email) if fits else None


def _profile(case: Case) -> tuple[object, object]:
    """The user's id and e-mail address, from where this kind of token has them."""
    claims, name = case.claims, case.policy.user_id_claim
    if name in claims:
        return claims[name], claims.get("email")
    user, session = claims.get("user"), claims.get("session")
    if case.by_secret and isinstance(user, dict) and isinstance(session, dict):
        return _cookie_profile(case, user, session)
    raise Unauthorized(f"there is no '{name}'{_what_it_may_be(claims)}")


def _cookie_profile(case: Case, user: JsonObject, session: JsonObject) -> tuple[object, object]:
    if not case.policy.accept_session_cookie_cache:
        raise Unauthorized("a 'session_data' cookie: send the JWT of /api/auth/token, or allow such cookies")
    if "id" not in user or user["id"] != session.get("userId"):
        raise Unauthorized("a 'session_data' cookie whose user is not its session's user")
    return user["id"], user.get("email")


def _what_it_may_be(claims: JsonObject) -> str:
    return ": an e-mail verification link is not an access token" if "email" in claims else ""


CHECKS: Final = (
    Check("expiry", "the token has an end, and it lies ahead", _expiry),
    Check("not before", "the token is valid already", _not_before),
    Check("issued at", "the token was not issued in the future", _issued_at),
    Check("issuer", "the issuer is the one of the settings, or none is needed", _issuer),
    Check("audience", "the audience is this API, or none is needed", _audience),
    Check("user id", "the token names its user", _user_id),
)
