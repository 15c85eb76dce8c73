"""Explain why a token is refused, with one result for each check of the verifier."""

from typing import NamedTuple

from src.auth import compact_jws
from src.auth.claims import CHECKS, Check, ClaimsContext
from src.auth.compact_jws import CompactToken
from src.auth.verifier import TokenVerifier
from src.errors import AppError, Unauthorized


class Finding(NamedTuple):
    """What one check says about a token; `explanation` never holds any secret part of it."""

    check: str
    passed: bool
    explanation: str


async def inspect(verifier: TokenVerifier, text: str) -> list[Finding]:
    """Run each check of `verifier` on a token; the token is valid if and only if all pass.

    Claims are checked even if the signature is wrong, so that the result has all errors at once. If the token is
    malformed, nothing else can be checked.
    """
    try:
        token = compact_jws.parse(text)
        context = verifier.claims_context(token)
    except Unauthorized as refusal:
        return [Finding("form", passed=False, explanation=refusal.reason)]
    signature = await _signature(verifier, token)
    return [Finding("form", passed=True, explanation="a well-formed JWT"), signature, *_claims(context)]


async def _signature(verifier: TokenVerifier, token: CompactToken) -> Finding:
    try:
        await verifier.authenticate(token)
    except Unauthorized as refusal:
        return Finding("signature", passed=False, explanation=refusal.reason)
    except AppError as outage:
        return Finding("signature", passed=False, explanation=outage.detail)
    return Finding("signature", passed=True, explanation=f"{token.algorithm}, by a key that is trusted")


def _claims(context: ClaimsContext) -> list[Finding]:
    return [_finding(check, context) for check in CHECKS]


def _finding(check: Check, context: ClaimsContext) -> Finding:
    try:
        check.enforce(context)
    except Unauthorized as refusal:
        return Finding(check.name, passed=False, explanation=refusal.reason)
    return Finding(check.name, passed=True, explanation=check.guarantee)
