"""Why a token is refused: the verifier's own checks, one finding for each."""

from typing import NamedTuple

from src.auth import compact
from src.auth.claims import CHECKS, Case, Check
from src.auth.compact import CompactToken
from src.auth.verifier import TokenVerifier
from src.errors import AppError, Unauthorized


class Finding(NamedTuple):
    """What one check says about a token; `explanation` never holds any secret part of it."""

    check: str
    passed: bool
    explanation: str


async def inspect(verifier: TokenVerifier, text: str) -> list[Finding]:
    """What each check of `verifier` says about a token; it verifies exactly when all have passed.

    Claims are judged even where the signature does not verify, so that everything wrong shows at once. Where
    the token's form is wrong, nothing else can be judged.
    """
    try:
        token = compact.parse(text)
        case = verifier.case(token)
    except Unauthorized as refusal:
        return [Finding("form", passed=False, explanation=refusal.reason)]
    signature = await _signature(verifier, token)
    return [Finding("form", passed=True, explanation="a well-formed JWT"), signature, *_claims(case)]


async def _signature(verifier: TokenVerifier, token: CompactToken) -> Finding:
    try:
        await verifier.authenticate(token)
    except Unauthorized as refusal:
        return Finding("signature", passed=False, explanation=refusal.reason)
    except AppError as outage:
        return Finding("signature", passed=False, explanation=outage.detail)
    return Finding("signature", passed=True, explanation=f"{token.algorithm}, by a key that is trusted")


def _claims(case: Case) -> list[Finding]:
    return [_finding(check, case) for check in CHECKS]


def _finding(check: Check, case: Case) -> Finding:
    try:
        check.enforce(case)
    except Unauthorized as refusal:
        return Finding(check.name, passed=False, explanation=refusal.reason)
    return Finding(check.name, passed=True, explanation=check.guarantee)
