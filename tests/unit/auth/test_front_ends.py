"""Several front ends: each key is trusted for the issuers of its own JWKS only."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from src.auth.front_end import FrontEnd
from src.auth.inspection import inspect
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from src.schemas.origin import OriginSet
from tests.support.jwks_server import JwksServer, serving
from tests.support.minting import EDDSA, HS256, NOW, SECRET, Signer, eddsa, jwks, token

APP, ADMIN = "https://app.example.com", "https://admin.example.com"
PREVIEWS, PREVIEW = "https://app-git-*.vercel.app", "https://app-git-main.vercel.app"
FOREIGN = "https://app-git-main.vercel.app.evil.example"
OF_ADMIN = eddsa("ed")  # the same `kid` as the other front end's key
OTHERS = eddsa("other")


@dataclass(frozen=True)
class Pair:
    """A verifier of two front ends, and the endpoints of their keys."""

    verifier: TokenVerifier
    app: JwksServer
    admin: JwksServer


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(serving(jwks(EDDSA)))
        admin = await stack.enter_async_context(serving(jwks(OF_ADMIN, OTHERS)))
        verifier = TokenVerifier(
            secrets=[SECRET],
            front_ends=[
                FrontEnd(OriginSet([APP, PREVIEWS]), OriginSet([APP, PREVIEWS]), JwksClient(app.url)),
                FrontEnd(OriginSet([ADMIN]), OriginSet([ADMIN]), JwksClient(admin.url)),
            ],
            clock=lambda: NOW,
        )
        yield Pair(verifier, app, admin)
        await verifier.aclose()


def of(issuer: str, signer: Signer) -> str:
    return token(signer, iss=issuer, aud=issuer)


async def reason(verifier: TokenVerifier, text: str) -> str:
    with pytest.raises(Unauthorized) as refusal:
        await verifier.verify(text)
    [failure] = [result for result in await inspect(verifier, text) if not result.passed][:1]
    assert failure.explanation == refusal.value.reason
    return refusal.value.reason


@pytest.mark.req("AUTH-FR-053", "AUTH-FR-054")
@pytest.mark.parametrize(("issuer", "signer"), [(APP, EDDSA), (PREVIEW, EDDSA), (ADMIN, OF_ADMIN), (ADMIN, OTHERS)])
async def test_each_front_ends_tokens_are_accepted(pair: Pair, issuer: str, signer: Signer) -> None:
    assert (await pair.verifier.verify(of(issuer, signer))).user_id == "user-1"
    assert all(result.passed for result in await inspect(pair.verifier, of(issuer, signer)))


@pytest.mark.req("AUTH-FR-053")
@pytest.mark.parametrize(
    ("issuer", "signer"), [(APP, OF_ADMIN), (APP, OTHERS), (PREVIEW, OF_ADMIN), (PREVIEW, OTHERS), (ADMIN, EDDSA)]
)
async def test_a_key_is_trusted_for_its_own_issuers_only(pair: Pair, issuer: str, signer: Signer) -> None:
    for known in (of(APP, EDDSA), of(ADMIN, OF_ADMIN), of(ADMIN, OTHERS)):
        await pair.verifier.verify(known)
    assert "key" in await reason(pair.verifier, of(issuer, signer))


@pytest.mark.req("AUTH-FR-053", "AUTH-FR-058")
@pytest.mark.parametrize("issuer", [FOREIGN, "https://evil.vercel.app", f"{APP}/api/auth", PREVIEWS, "", ...])
async def test_no_key_is_fetched_for_an_issuer_that_is_not_configured(pair: Pair, issuer: object) -> None:
    assert "iss" in await reason(pair.verifier, token(EDDSA, iss=issuer, aud=APP))
    assert (pair.app.hits, pair.admin.hits) == (0, 0)


@pytest.mark.req("AUTH-FR-053")
async def test_only_the_keys_of_the_tokens_issuer_are_fetched(pair: Pair) -> None:
    await pair.verifier.verify(of(ADMIN, OF_ADMIN))
    assert (pair.app.hits, pair.admin.hits) == (0, 1)


@pytest.mark.req("AUTH-FR-053")
@pytest.mark.parametrize(("issuer", "audience"), [(APP, ADMIN), (ADMIN, APP), (ADMIN, PREVIEW), (APP, FOREIGN)])
async def test_the_audience_is_that_of_the_issuer(pair: Pair, issuer: str, audience: str) -> None:
    signer = EDDSA if issuer == APP else OF_ADMIN
    assert "the audience is" in await reason(pair.verifier, token(signer, iss=issuer, aud=audience))


@pytest.mark.req("AUTH-FR-053", "AUTH-FR-054")
@pytest.mark.parametrize("issuer", [APP, PREVIEW, ADMIN])
async def test_a_secret_is_shared_by_all_front_ends(pair: Pair, issuer: str) -> None:
    await pair.verifier.verify(of(issuer, HS256))
    await pair.verifier.verify(token(HS256, iss=..., aud=issuer))
    assert "the issuer is" in await reason(pair.verifier, of(FOREIGN, HS256))
    assert "the audience is" in await reason(pair.verifier, token(HS256, iss=..., aud=FOREIGN))


@pytest.mark.req("AUTH-FR-054")
async def test_an_issuer_that_is_named_has_precedence_over_a_pattern(pair: Pair) -> None:
    previews = FrontEnd(OriginSet([PREVIEWS]), OriginSet([PREVIEWS]), JwksClient(pair.app.url))
    named = FrontEnd(OriginSet([PREVIEW]), OriginSet([PREVIEW]), JwksClient(pair.admin.url))
    verifier = TokenVerifier(front_ends=[previews, named], clock=lambda: NOW)
    await verifier.verify(of(PREVIEW, OF_ADMIN))
    assert "is not of the key" in await reason(verifier, of(PREVIEW, EDDSA))
    await verifier.aclose()


@pytest.mark.req("AUTH-FR-048", "AUTH-FR-053")
async def test_a_change_of_any_front_ends_keys_invalidates_cached_tokens(pair: Pair) -> None:
    await pair.verifier.verify(of(APP, EDDSA))
    assert pair.verifier.cached(of(APP, EDDSA)) is not None
    await pair.verifier.verify(of(ADMIN, OF_ADMIN))
    assert pair.verifier.cached(of(APP, EDDSA)) is None


@pytest.mark.req("AUTH-FR-058")
@pytest.mark.parametrize(
    "changes", [{"exp": NOW}, {"aud": "other"}, {"iss": "other"}, {"sub": ...}, {"sub": "a b"}, {"nbf": NOW + 31}]
)
async def test_a_token_that_no_key_can_make_valid_waits_for_none(pair: Pair, changes: dict[str, object]) -> None:
    claims = {"iss": APP, "aud": APP} | changes
    for count in range(5):
        with pytest.raises(Unauthorized):
            await pair.verifier.verify(token(eddsa(f"stranger-{count}"), **claims))
    assert pair.app.hits == 0
