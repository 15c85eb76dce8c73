"""Only valid tokens are accepted; every refusal is a 401 that states the reason and reveals no secret."""

import pytest

from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from tests.support.minting import SECRET, SIGNERS, Signer, claims, token
from tests.unit.auth.hostile import Hostile
from tests.unit.auth.hostile_sources import SOURCES

CASES = [
    pytest.param(case, id=f"{source.__name__}: {case.name}", marks=pytest.mark.req("AUTH-FR-009", "AUTH-FR-010", *ids))
    for source, ids in SOURCES.items()
    for case in source()
]


def test_there_are_enough_hostile_tokens() -> None:
    assert len({case.token for source in SOURCES for case in source()}) >= 300


@pytest.mark.req("AUTH-FR-003", "AUTH-FR-019", "AUTH-FR-021")
@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
async def test_the_good_tokens_that_they_are_made_from_are_accepted(verifier: TokenVerifier, signer: Signer) -> None:
    assert (await verifier.verify(token(signer))).user_id == claims()["sub"]


@pytest.mark.parametrize("case", CASES)
async def test_a_hostile_token_is_refused(verifier: TokenVerifier, case: Hostile) -> None:
    with pytest.raises(Unauthorized) as refusal:
        await verifier.verify(case.token)
    assert case.reason in refusal.value.reason
    assert _reveals_nothing(refusal.value.reason, case.token)


def _reveals_nothing(reason: str, token: str) -> bool:
    """Whether the text is one bounded line of printable ASCII, without secrets and segments of the token."""
    leaked = SECRET in reason or any(part in reason for part in token.split(".") if len(part) > 12)
    return not leaked and reason.isascii() and reason.isprintable() and len(reason) < 300
