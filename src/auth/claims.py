"""Check the claims of a token whose signature is verified separately."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from src.auth.front_end import FrontEnd
from src.auth.identity import Identity
from src.auth.log_safe import log_safe
from src.auth.strict_json import JsonObject
from src.errors.client import Unauthorized

LEEWAY: Final = 30
"""Tolerated clock skew in seconds, for `nbf` and `iat` but not for `exp`."""
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999
_MAX_ID_LENGTH: Final = 255
_MAX_EMAIL_LENGTH: Final = 320  # 64 + "@" + 255 (RFC 5321, section 4.5.3.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPolicy:
    """The settings that claims are checked against."""

    front_ends: tuple[FrontEnd, ...]
    user_id_claim: str
    strict_hs256: bool
    accept_session_cookie_cache: bool
    is_oauth: bool = False
    """Whether tokens are access tokens of OAuth clients, which have scopes."""


class ClaimsContext(NamedTuple):
    """The input of a check: claims, the kind of signature, the time and the policy."""

    claims: JsonObject
    by_secret: bool
    now: float
    policy: ClaimsPolicy

    @property
    def front_end(self) -> FrontEnd | None:
        """The front end of the token's issuer; one that names the issuer precedes those with a pattern for it."""
        issuer = self.claims.get("iss")
        matching = [each for each in self.policy.front_ends if issuer in each.issuers]
        return next((each for each in matching if issuer in each.issuers.literals), matching[0] if matching else None)

    @property
    def age(self) -> float:
        """The minimum age of the token in seconds, because both clocks may differ; 0 if it has no `iat`."""
        issued_at = _numeric_date(self.claims, "iat")
        return 0 if issued_at is None else max(0, self.now - issued_at - LEEWAY)


class Check(NamedTuple):
    """A check of the claims: `enforce` raises Unauthorized unless `guarantee` holds."""

    name: str
    guarantee: str
    enforce: Callable[[ClaimsContext], object]


def identity_of(context: ClaimsContext) -> Identity:
    """Return the identity that the claims prove, after all `CHECKS`.

    Raises:
        Unauthorized: A check fails; the reason is that of the first.
    """
    for check in CHECKS:
        check.enforce(context)
    return Identity(_user_id(context), _email(context), _expiry(context), scopes_of(context))


def scopes_of(context: ClaimsContext) -> frozenset[str] | None:
    """Parse `scope` of an OAuth client's token, whose names are separated by spaces (RFC 9068, section 2.2.3)."""
    if not context.policy.is_oauth:
        return None
    scope = context.claims.get("scope", "")
    return frozenset(scope.split(" ")) if isinstance(scope, str) else frozenset()


def _expiry(context: ClaimsContext) -> float:
    expires_at = _numeric_date(context.claims, "exp")
    if expires_at is None:
        raise Unauthorized("there is no 'exp': a token without an expiry is not accepted")
    if context.now >= expires_at:
        raise Unauthorized(f"the token expired {context.now - expires_at:.0f} s ago")
    return expires_at


def _not_before(context: ClaimsContext) -> None:
    _check_not_ahead(context, "nbf", "is valid only")


def _issued_at(context: ClaimsContext) -> None:
    _check_not_ahead(context, "iat", "was issued")


def _check_not_ahead(context: ClaimsContext, claim: str, complaint: str) -> None:
    value = _numeric_date(context.claims, claim)
    if value is not None and value > context.now + LEEWAY:
        raise Unauthorized(
            f"the token {complaint} {value - context.now:.0f} s from now ('{claim}'): are both clocks right?"
        )


def _numeric_date(claims: JsonObject, name: str) -> float | None:
    """Parse a NumericDate (RFC 7519, section 2)."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized(f"'{name}' is {log_safe(value)}, not a number")
    if not -_LAST_SECOND <= value <= _LAST_SECOND:
        raise Unauthorized(f"'{name}' is not a time before the year 10000: is it in milliseconds?")
    return float(value)


def _issuer(context: ClaimsContext) -> None:
    if "iss" not in context.claims:
        return _check_absence(context, "iss")
    issuer = context.claims["iss"]
    expected = [*chain.from_iterable(each.issuers for each in context.policy.front_ends)]
    if not isinstance(issuer, str) or (expected and context.front_end is None):
        raise Unauthorized(f"the issuer is {log_safe(issuer)}, expected {_listed(expected)}")
    return None


def _audience(context: ClaimsContext) -> None:
    if "aud" not in context.claims:
        return _check_absence(context, "aud")
    audiences = _audiences(context.claims["aud"])
    front_ends = context.policy.front_ends if context.front_end is None else [context.front_end]
    expected = [each.audiences for each in front_ends if each.audiences]
    if expected and not any(audience in names for names in expected for audience in audiences):
        raise Unauthorized(f"the audience is {_listed(audiences)}, expected {_listed([*chain(*expected)])}")
    return None


def _check_absence(context: ClaimsContext, name: str) -> None:
    if not context.by_secret:
        raise Unauthorized(f"there is no '{name}': a token signed by a JWKS key needs it")
    if context.policy.strict_hs256:
        raise Unauthorized(f"there is no '{name}': the settings require it for HS256 tokens too")


def _audiences(claim: object) -> list[str]:
    """Parse `aud`, which is one audience or several (RFC 7519, section 4.1.3)."""
    candidates = claim if isinstance(claim, list) else [claim]
    audiences = [candidate for candidate in candidates if isinstance(candidate, str)]
    if len(audiences) != len(candidates):
        raise Unauthorized("'aud' is neither a string nor an array of strings")
    return audiences


def _listed(audiences: list[str]) -> str:
    return log_safe(", ".join(audiences))


def _user_id(context: ClaimsContext) -> str:
    user_id = _profile(context)[0]
    if context.policy.is_oauth:
        _check_bearer(context.claims, user_id)
    if not isinstance(user_id, str):
        raise Unauthorized(f"the user id is {log_safe(user_id)}, not a string")
    if not 1 <= len(user_id) <= _MAX_ID_LENGTH:
        raise Unauthorized(f"the user id has {len(user_id)} characters, not 1 to {_MAX_ID_LENGTH}")
    if " " in user_id or not user_id.isprintable():
        raise Unauthorized("the user id has spaces or characters that cannot be printed")
    if "/" in user_id or user_id in {".", ".."}:
        raise Unauthorized("the user id cannot stand in a path: it has a slash, or is one or two dots")
    return user_id


def _check_bearer(claims: JsonObject, user_id: object) -> None:
    """Check that the token is a bearer token (it has no `cnf`), and that it is for a user."""
    if "cnf" in claims:
        raise Unauthorized("the token is bound to a key of its client ('cnf'): only bearer tokens are accepted")
    if user_id == claims.get("client_id"):
        raise Unauthorized("the token belongs to an OAuth client itself (client_credentials), not to a user")


def _email(context: ClaimsContext) -> str | None:
    email = _profile(context)[1]
    fits = isinstance(email, str) and len(email) <= _MAX_EMAIL_LENGTH and email.isprintable()
    return str(email) if fits else None


def _profile(context: ClaimsContext) -> tuple[object, object]:
    """Return the user's id and e-mail address, whose location depends on the kind of token."""
    claims, name = context.claims, context.policy.user_id_claim
    if name in claims:
        return claims[name], claims.get("email")
    user, session = claims.get("user"), claims.get("session")
    if context.by_secret and isinstance(user, dict) and isinstance(session, dict):
        return _cookie_profile(context, user, session)
    raise Unauthorized(f"there is no '{name}'{_likely_kind(claims)}")


def _cookie_profile(context: ClaimsContext, user: JsonObject, session: JsonObject) -> tuple[object, object]:
    if not context.policy.accept_session_cookie_cache:
        raise Unauthorized("a 'session_data' cookie: send the JWT of /api/auth/token, or allow such cookies")
    if "id" not in user or user["id"] != session.get("userId"):
        raise Unauthorized("a 'session_data' cookie whose user is not its session's user")
    return user["id"], user.get("email")


def _likely_kind(claims: JsonObject) -> str:
    return ": an e-mail verification link is not an access token" if "email" in claims else ""


CHECKS: Final = (
    Check("expiry", "the token has an expiry in the future", _expiry),
    Check("not before", "the token is already valid", _not_before),
    Check("issued at", "the token was not issued in the future", _issued_at),
    Check("issuer", "the issuer matches the settings, or none is required", _issuer),
    Check("audience", "the audience matches the settings, or none is required", _audience),
    Check("user id", "the token names its user", _user_id),
)
