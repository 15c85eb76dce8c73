"""Explain why a token is refused, with one result for each check of the verifier."""

from typing import NamedTuple

from src.auth.claims import CHECKS, Check, ClaimsContext, scopes_of
from src.auth.compact_jws import OAUTH_TOKEN, CompactToken, parse
from src.auth.log_safe import log_safe
from src.auth.verifier import TokenVerifier
from src.errors.client import READ, WRITE, Unauthorized
from src.errors.server import SigningKeysUnavailable


class CheckResult(NamedTuple):
    """The result of one check of a token; `explanation` never contains a secret part of it."""

    check: str
    passed: bool
    explanation: str


def is_of_oauth_client(text: str) -> bool:
    """Whether a token says that it is the access token of an OAuth client (RFC 9068)."""
    try:
        parse(text, OAUTH_TOKEN)
    except Unauthorized:
        return False
    return True


async def inspect(verifier: TokenVerifier, text: str) -> list[CheckResult]:
    """Run each check of `verifier` on a token; the token is valid if and only if all pass.

    Claims are checked even if the signature is wrong, so that the result has all errors at once. If the token is
    malformed, nothing else can be checked.
    """
    try:
        token = verifier.parse(text)
        context = verifier.claims_context(token)
    except Unauthorized as refusal:
        return [CheckResult("form", passed=False, explanation=refusal.reason)]
    signature = await _signature(verifier, token, context)
    return [CheckResult("form", passed=True, explanation=_form(context)), *_claims(context), signature]


def _form(context: ClaimsContext) -> str:
    if not context.policy.is_oauth:
        return "a well-formed JWT"
    client, audience = context.claims.get("client_id"), context.claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return f"an access token that the OAuth client {log_safe(client)} has for {', '.join(map(log_safe, audiences))}"


async def _signature(verifier: TokenVerifier, token: CompactToken, context: ClaimsContext) -> CheckResult:
    try:
        await verifier.authenticate(token, context)
    except Unauthorized as refusal:
        return CheckResult("signature", passed=False, explanation=refusal.reason)
    except SigningKeysUnavailable as outage:
        return CheckResult("signature", passed=False, explanation=outage.reason)
    return CheckResult("signature", passed=True, explanation=f"{token.algorithm}, by a key that is trusted")


def _claims(context: ClaimsContext) -> list[CheckResult]:
    return [*(_finding(check, context) for check in CHECKS), *_scope(context)]


def _scope(context: ClaimsContext) -> list[CheckResult]:
    """Say what the token of an OAuth client allows; one without scopes is accepted, but of no use."""
    scopes = scopes_of(context)
    if scopes is None:
        return []
    allowed = [verb for scope, verb in ((READ, "read"), (WRITE, "change")) if scope in scopes]
    explanation = (
        f"{log_safe(' '.join(sorted(scopes)))} lets the client {' and '.join(allowed) or 'do nothing with'} tasks"
    )
    return [CheckResult("scope", passed=True, explanation=explanation)]


def _finding(check: Check, context: ClaimsContext) -> CheckResult:
    try:
        check.enforce(context)
    except Unauthorized as refusal:
        return CheckResult(check.name, passed=False, explanation=refusal.reason)
    return CheckResult(check.name, passed=True, explanation=check.guarantee)
