"""Explain why a token is refused, with one result for each check of the verifier."""

from typing import NamedTuple

from src.auth.claims import CHECKS, Check, ClaimsContext
from src.auth.compact_jws import CompactToken
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from src.errors.server import SigningKeysUnavailable


class CheckResult(NamedTuple):
    """The result of one check of a token; `explanation` never contains a secret part of it."""

    check: str
    passed: bool
    explanation: str


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
    return [CheckResult("form", passed=True, explanation="a well-formed JWT"), *_claims(context), signature]


async def _signature(verifier: TokenVerifier, token: CompactToken, context: ClaimsContext) -> CheckResult:
    try:
        await verifier.authenticate(token, context)
    except Unauthorized as refusal:
        return CheckResult("signature", passed=False, explanation=refusal.reason)
    except SigningKeysUnavailable as outage:
        return CheckResult("signature", passed=False, explanation=outage.reason)
    return CheckResult("signature", passed=True, explanation=f"{token.algorithm}, by a key that is trusted")


def _claims(context: ClaimsContext) -> list[CheckResult]:
    return [_finding(check, context) for check in CHECKS]


def _finding(check: Check, context: ClaimsContext) -> CheckResult:
    try:
        check.enforce(context)
    except Unauthorized as refusal:
        return CheckResult(check.name, passed=False, explanation=refusal.reason)
    return CheckResult(check.name, passed=True, explanation=check.guarantee)
