"""Inspection of a token reports what the verifier finds."""

import pytest

from src.auth.inspection import inspect
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from tests.support.front_ends import front_end
from tests.support.minting import EDDSA, NOW, SECRET, SIGNERS, Signer, hs256, mint, token
from tests.unit.auth.hostile_sources import SOURCES

pytestmark = pytest.mark.req("AUTH-FR-050")


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.algorithm)
async def test_a_good_token_passes_every_check(verifier: TokenVerifier, signer: Signer) -> None:
    findings = await inspect(verifier, token(signer))
    assert [finding.check for finding in findings] == [
        "form", "expiry", "not before", "issued at", "issuer", "audience", "user id", "signature",
    ]  # fmt: skip
    assert all(finding.passed and finding.explanation for finding in findings)


async def test_all_failed_checks_are_reported_at_once(verifier: TokenVerifier) -> None:
    wrong = mint({"iss": "http://other", "aud": "http://other", "exp": NOW - 60}, hs256("another secret"))
    failures = {finding.check: finding.explanation for finding in await inspect(verifier, wrong) if not finding.passed}
    assert failures == {
        "signature": "the HS256 signature matches no configured secret: is BETTER_AUTH_SECRET the same on both sides?",
        "expiry": "the token expired 60 s ago",
        "issuer": "the issuer is 'http://other', expected 'https://app.example.com'",
        "audience": "the audience is 'http://other', expected 'https://api.example.com'",
        "user id": "there is no 'sub'",
    }


async def test_an_opaque_token_fails_by_its_form_and_no_other_check_runs(verifier: TokenVerifier) -> None:
    (finding,) = await inspect(verifier, "x" * 32)
    assert finding == ("form", False, "it looks like an opaque session token: send the JWT of /api/auth/token instead")


@pytest.mark.req("AUTH-FR-062")
async def test_an_outage_is_reported_with_the_url_of_the_jwks_and_the_cause() -> None:
    client = JwksClient("http://somebody:hunter2@127.0.0.1:1/jwks?key=hunter2")
    verifier = TokenVerifier(secrets=[SECRET], front_ends=[front_end(client)], clock=lambda: NOW)
    failures = [finding for finding in await inspect(verifier, token(EDDSA)) if not finding.passed]
    cause = "the JWKS at http://127.0.0.1:1/jwks cannot be fetched: 'ConnectError: All connection attempts failed'"
    assert [(finding.check, finding.explanation) for finding in failures] == [("signature", cause)]
    await client.aclose()


async def test_it_fails_for_each_hostile_token_with_the_verifiers_reason(verifier: TokenVerifier) -> None:
    for case in (case for source in SOURCES for case in source()):
        failures = [finding.explanation for finding in await inspect(verifier, case.token) if not finding.passed]
        with pytest.raises(Unauthorized) as refusal:
            await verifier.verify(case.token)
        assert failures[0] == refusal.value.reason, case.name
