"""The verifier as a whole: sources of keys, rotation, roll-over and cached tokens."""

import asyncio
import itertools

import pytest
from jose import jwt

from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from src.errors.server import SigningKeysUnavailable
from tests.support.front_ends import front_end
from tests.support.jwks_server import JwksServer
from tests.support.minting import (
    AUDIENCE,
    EDDSA,
    ES256,
    HS256,
    ISSUER,
    NOW,
    PUBLISHED,
    SECRET,
    Signer,
    claims,
    eddsa,
    hs256,
    jwks,
    mint,
    token,
)
from tests.unit.auth.clock import MAX_AGE, Clock, until_fetched


def with_jwks(client: JwksClient) -> TokenVerifier:
    return TokenVerifier(front_ends=[front_end(client)], clock=lambda: NOW)


async def refused(verifier: TokenVerifier, text: str) -> str:
    with pytest.raises(Unauthorized) as refusal:
        await verifier.verify(text)
    return refusal.value.reason


@pytest.mark.req("AUTH-FR-003", "AUTH-FR-019")
async def test_a_token_that_another_library_made_is_accepted() -> None:
    identity = await TokenVerifier(secrets=[SECRET], clock=lambda: NOW).verify(jwt.encode(claims(), SECRET))
    assert (identity.user_id, identity.email, identity.expires_at) == ("user-1", "demo@example.com", NOW + 900)


@pytest.mark.req("AUTH-FR-019")
@pytest.mark.parametrize(
    "secret",
    [
        '"quoted-secret-of-32-characters!"',
        '{"a": 1, "kty": "oct"}',
        "ünïcödé" * 5,
        "a=+/-_" * 9,
        "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=",
        " spaced ",
    ],
)
async def test_a_secret_is_used_as_its_exact_bytes(secret: str) -> None:
    await TokenVerifier(secrets=[secret], clock=lambda: NOW).verify(mint(claims(), hs256(secret)))


@pytest.mark.req("AUTH-FR-020")
async def test_while_secrets_roll_over_each_of_them_is_accepted() -> None:
    verifier = TokenVerifier(secrets=["new-secret", SECRET, "oldest"], clock=lambda: NOW)
    for secret in ("new-secret", SECRET, "oldest"):
        await verifier.verify(mint(claims(), hs256(secret)))
    assert "no configured secret" in await refused(verifier, mint(claims(), hs256("older")))


@pytest.mark.req("AUTH-FR-024")
async def test_an_unconfigured_source_of_keys_is_refused_and_named(server: JwksServer) -> None:
    client = JwksClient(server.url)
    assert "BETTER_AUTH_SECRET" in await refused(with_jwks(client), token(HS256))
    for signer in PUBLISHED:
        verifier = TokenVerifier(secrets=[SECRET], clock=lambda: NOW)
        assert f"{signer.algorithm} needs a JWKS" in await refused(verifier, token(signer))
    assert server.hits == 0
    await client.aclose()


@pytest.mark.req("AUTH-FR-026")
@pytest.mark.parametrize(
    "secrets",
    [[], [""], [SECRET, ""], ["-----BEGIN PUBLIC KEY-----\nMII=\n-----END PUBLIC KEY-----"], ["ssh-ed25519 AAAA"]],
)
def test_weak_secrets_are_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret") as refusal:
        TokenVerifier(secrets=secrets)
    assert "KEY" not in str(refusal.value)


@pytest.mark.req("AUTH-FR-026")
@pytest.mark.parametrize(("issuer", "audience"), [(None, None), (ISSUER, None), (None, AUDIENCE), ("", "")])
async def test_published_keys_without_issuer_and_audience_are_refused(
    server: JwksServer, issuer: str | None, audience: str | None
) -> None:
    client = JwksClient(server.url)
    with pytest.raises(ValueError, match="an issuer and an audience"):
        TokenVerifier(front_ends=[front_end(client, issuer=issuer, audience=audience)])
    with pytest.raises(ValueError, match="an issuer and an audience"):
        TokenVerifier(
            secrets=[SECRET],
            front_ends=[front_end(issuer=issuer, audience=audience)],
            require_issuer_and_audience_for_hs256=True,
        )
    await client.aclose()


@pytest.mark.req("AUTH-FR-026", "AUTH-FR-035")
def test_users_cannot_be_named_by_their_addresses() -> None:
    with pytest.raises(ValueError, match="e-mail"):
        TokenVerifier(secrets=[SECRET], user_id_claim="email")


@pytest.mark.req("AUTH-FR-047")
async def test_a_token_is_cached_until_it_expires() -> None:
    clock = Clock(NOW)
    verifier = TokenVerifier(secrets=[SECRET], clock=clock)
    assert verifier.cached(token()) is None
    assert await verifier.verify(token()) is verifier.cached(token()) is await verifier.verify(token())
    clock.now = NOW + 900
    assert verifier.cached(token()) is None
    assert "expired" in await refused(verifier, token())


@pytest.mark.req("AUTH-FR-047")
async def test_a_refusal_is_not_cached() -> None:
    clock = Clock(NOW)
    verifier = TokenVerifier(secrets=[SECRET], clock=clock)
    early = token(nbf=NOW + 100)
    assert "clocks" in await refused(verifier, early)
    assert verifier.cached(early) is None
    clock.now = NOW + 100
    await verifier.verify(early)


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\ud800", "é" * 10, "a.b.c"])
def test_text_that_is_no_token_is_not_cached(text: str) -> None:
    assert TokenVerifier(secrets=[SECRET]).cached(text) is None


@pytest.mark.req("AUTH-FR-048")
async def test_a_key_that_leaves_the_set_invalidates_its_cached_tokens(server: JwksServer) -> None:
    clock = Clock()
    client = JwksClient(server.url, max_age=MAX_AGE, clock=clock)
    verifier = with_jwks(client)
    await verifier.verify(token(EDDSA))
    server.document = jwks(ES256)
    clock.now += MAX_AGE
    assert verifier.cached(token(EDDSA)) is not None
    await until_fetched(client, 2)
    assert verifier.cached(token(EDDSA)) is None
    assert "the JWKS has no EdDSA key" in await refused(verifier, token(EDDSA))
    await verifier.verify(token(ES256))
    await client.aclose()


@pytest.mark.req("AUTH-FR-041")
async def test_keys_rotate_while_requests_run_and_no_good_token_is_refused(server: JwksServer) -> None:
    clock = Clock()
    client = JwksClient(server.url, max_age=MAX_AGE, clock=clock)
    verifier, current = with_jwks(client), EDDSA
    tokens = (mint(claims(jti=count), signer) for count in itertools.count() for signer in [current])

    async def requests() -> None:
        for _ in range(40):
            await verifier.verify(next(tokens))
            await asyncio.sleep(0.001)

    for generation in range(5):
        server.delay = 0.005
        running = asyncio.gather(*(requests() for _ in range(5)))
        successor: Signer = eddsa(f"key-{generation}")
        server.document = jwks(successor, current)
        current = successor
        clock.now += 60
        await running
    assert server.hits <= 11
    await client.aclose()


async def test_closing_the_verifier_ends_a_fetch_that_is_under_way(server: JwksServer) -> None:
    server.delay = 30
    verifier = with_jwks(JwksClient(server.url))
    waiting = asyncio.create_task(verifier.verify(token(EDDSA)))
    await asyncio.sleep(0.02)
    async with asyncio.timeout(1):
        await verifier.aclose()
        with pytest.raises(SigningKeysUnavailable):
            await waiting
    await TokenVerifier(secrets=[SECRET]).aclose()
