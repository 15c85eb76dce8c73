"""Explains why a token is refused, by running the verifier's own checks one by one."""

from typing import NamedTuple

from src.auth import compact
from src.auth.claims import CHECKS, Case, Check
from src.auth.compact import CompactToken
from src.auth.verifier import TokenVerifier
from src.errors import AppError, Unauthorized


class CheckResult(NamedTuple):
    """The result of one check of a token; `explanation` never contains a secret part of it."""

    check: str
    passed: bool
    explanation: str


async def inspect(verifier: TokenVerifier, text: str) -> list[CheckResult]:
    """Run each check of `verifier` on a token, which verifies exactly when all have passed.

    Claims are checked even where the signature does not verify, so that all failures show at once. Where the token
    cannot be parsed, nothing else can be checked.
    """
    try:
        token = compact.parse(text)
        case = verifier.case(token)
    except Unauthorized as refusal:
        return [CheckResult("form", passed=False, explanation=refusal.reason)]
    signature = await _signature(verifier, token)
    return [CheckResult("form", passed=True, explanation="a well-formed JWT"), signature, *_claims(case)]


async def _signature(verifier: TokenVerifier, token: CompactToken) -> CheckResult:
    try:
        await verifier.authenticate(token)
    except Unauthorized as refusal:
        return CheckResult("signature", passed=False, explanation=refusal.reason)
    except AppError as outage:
        return CheckResult("signature", passed=False, explanation=outage.detail)
    return CheckResult("signature", passed=True, explanation=f"{token.algorithm}, by a key that is trusted")


def _claims(case: Case) -> list[CheckResult]:
    return [_check(check, case) for check in CHECKS]


def _check(check: Check, case: Case) -> CheckResult:
    try:
        check.enforce(case)
    except Unauthorized as refusal:
        return CheckResult(check.name, passed=False, explanation=refusal.reason)
    return CheckResult(check.name, passed=True, explanation=check.guarantee)
