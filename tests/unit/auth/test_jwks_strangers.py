"""Keys that cannot become valid by waiting are refused at once, and leave the fetches to those that can."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from tests.support.front_ends import front_end
from tests.support.jwks_server import JwksServer
from tests.support.minting import EDDSA, ES256, Signer, eddsa, jwks, token
from tests.unit.auth.clock import COOLDOWN, Clock

AT_ONCE = 3
SKEW = 30


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000)


@pytest_asyncio.fixture
async def verifier(server: JwksServer, clock: Clock) -> AsyncIterator[TokenVerifier]:
    """Return a verifier whose waiting requests wait until the test fails, with a key set of this moment."""

    async def sleep(_: float) -> None:
        await asyncio.sleep(60)

    client = JwksClient(server.url, cooldown=COOLDOWN, clock=clock, sleep=sleep)
    verifier = TokenVerifier(front_ends=[front_end(client)], clock=clock)
    server.document = jwks(ES256)
    await verifier.verify(issued(ES256, clock.now))
    yield verifier
    await verifier.aclose()


def issued(signer: Signer, at: float) -> str:
    return token(signer, iat=at, exp=at + 900)


async def refused(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(Unauthorized, match="expired or invalid") as refusal:
        async with asyncio.timeout(1):
            await verifier.verify(text)
    assert "the JWKS has no EdDSA key" in refusal.value.reason


@pytest.mark.req("AUTH-FR-060")
async def test_a_token_from_before_the_latest_fetch_is_refused_without_a_fetch(
    verifier: TokenVerifier, server: JwksServer, clock: Clock
) -> None:
    for number in range(20):
        await refused(verifier, issued(eddsa(f"removed-{number}"), clock.now - SKEW - 1))
    assert server.hits == 1


@pytest.mark.req("AUTH-FR-060")
async def test_a_key_that_was_missing_is_refused_without_a_fetch(
    verifier: TokenVerifier, server: JwksServer, clock: Clock
) -> None:
    stranger = eddsa("stranger")
    for number in range(20):
        await refused(verifier, issued(stranger, clock.now + number / 100))
    assert server.hits == 2


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-060")
async def test_strangers_leave_the_fetches_to_new_keys(
    verifier: TokenVerifier, server: JwksServer, clock: Clock
) -> None:
    for _ in range(20):
        await refused(verifier, issued(eddsa("removed"), clock.now - SKEW - 1))
        await refused(verifier, issued(EDDSA, clock.now))
    for number in range(AT_ONCE - 1):
        successor = eddsa(f"successor-{number}")
        server.document = jwks(ES256, successor)
        async with asyncio.timeout(1):
            await verifier.verify(issued(successor, clock.now - SKEW))


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-060")
async def test_a_key_that_is_published_late_is_found_after_a_cool_down(
    verifier: TokenVerifier, server: JwksServer, clock: Clock
) -> None:
    late = issued(EDDSA, clock.now - SKEW - 1)
    await refused(verifier, late)
    server.document = jwks(EDDSA, ES256)
    await refused(verifier, late)
    clock.now += COOLDOWN
    async with asyncio.timeout(1):
        await verifier.verify(late)
    assert server.hits == 2


@pytest.mark.req("AUTH-FR-060")
async def test_a_front_end_whose_clock_is_behind_can_rotate(
    verifier: TokenVerifier, server: JwksServer, clock: Clock
) -> None:
    server.document = jwks(EDDSA, ES256)
    async with asyncio.timeout(1):
        await verifier.verify(issued(EDDSA, clock.now - SKEW))


@pytest.mark.req("AUTH-FR-060")
async def test_the_memory_of_missing_keys_is_bounded(
    verifier: TokenVerifier, server: JwksServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.auth.jwks._MAX_MISSING", 2)
    names = count()
    for _ in range(3):
        await refused(verifier, issued(eddsa(f"stranger-{next(names)}"), clock.now))
        clock.now += COOLDOWN
    [client] = verifier.jwks
    assert [name for name, _ in client._missing] == ["stranger-1", "stranger-2"]  # noqa: SLF001 - nothing else shows it
    assert server.hits == 1 + 3
