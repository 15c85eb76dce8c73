"""Fetching and caching of the key set."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from jose.backends.base import Key

from src.auth.jwks import JwksClient
from src.errors.client import Unauthorized
from tests.support.jwks_server import JwksServer
from tests.support.minting import EDDSA, ES256, PUBLISHED, eddsa, jwks
from tests.unit.auth.clock import COOLDOWN, MAX_AGE, Clock, until_fetched


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def client(server: JwksServer, clock: Clock) -> AsyncIterator[JwksClient]:
    """Return a client of `server` that sleeps on the test's clock only."""

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    keys = JwksClient(server.url, max_age=MAX_AGE, cooldown=COOLDOWN, timeout=1, clock=clock, sleep=sleep)
    yield keys
    await keys.aclose()


async def unknown(client: JwksClient, kid: str = "nobody") -> str:
    with pytest.raises(Unauthorized) as refusal:
        await client.key(kid, "EdDSA")
    return refusal.value.reason


def works(key: Key) -> bool:
    return key.verify(b"message", EDDSA.sign(b"message"))


@pytest.mark.req("AUTH-FR-039")
async def test_nothing_is_fetched_before_a_key_is_needed(client: JwksClient, server: JwksServer) -> None:
    assert client.cached_key("ed", "EdDSA") is None
    client.refresh_if_stale()
    await asyncio.sleep(0.02)
    assert server.hits == 0


@pytest.mark.req("AUTH-FR-039")
async def test_one_fetch_serves_all_keys_for_ten_minutes(client: JwksClient, server: JwksServer, clock: Clock) -> None:
    for _ in range(3):
        for signer in PUBLISHED:
            await client.key(signer.jwk["kid"], signer.algorithm)
        clock.now += MAX_AGE / 3 - 0.1
    assert works(await client.key("ed", "EdDSA"))
    assert server.hits == 1


@pytest.mark.req("AUTH-FR-039")
async def test_fifty_first_requests_share_one_fetch(client: JwksClient, server: JwksServer) -> None:
    server.delay = 0.05
    keys = await asyncio.gather(*(client.key("ed", "EdDSA") for _ in range(50)))
    assert all(map(works, keys))
    assert server.hits == 1


@pytest.mark.req("AUTH-FR-021")
async def test_a_key_is_not_returned_for_another_algorithm(client: JwksClient) -> None:
    await client.key("ed", "EdDSA")
    for algorithm in ("ES256", "RS256", "HS256", "none", "EdDSa"):
        assert client.cached_key("ed", algorithm) is None


@pytest.mark.req("AUTH-FR-040")
async def test_a_stale_set_is_refreshed_while_its_keys_are_used(
    client: JwksClient, server: JwksServer, clock: Clock
) -> None:
    await client.key("ed", "EdDSA")
    clock.now += MAX_AGE
    server.delay, server.document = 0.1, jwks(EDDSA)
    async with asyncio.timeout(0.05):
        for _ in range(100):
            assert works(await client.key("ed", "EdDSA"))
    await until_fetched(client, 2)
    assert server.hits == 2
    assert client.cached_key("p256", "ES256") is None


@pytest.mark.req("AUTH-FR-041")
async def test_a_new_key_is_found_at_once_also_right_after_the_first_fetch(
    client: JwksClient, server: JwksServer
) -> None:
    server.document = jwks(ES256)
    await client.key("p256", "ES256")
    server.document = jwks(EDDSA, ES256)
    assert works(await client.key("ed", "EdDSA"))
    assert server.hits == 2
    assert client.cached_key("p256", "ES256") is not None


@pytest.mark.req("AUTH-FR-041")
async def test_a_new_key_is_found_although_an_older_fetch_was_still_under_way(
    client: JwksClient, server: JwksServer, clock: Clock
) -> None:
    server.document = jwks(ES256)
    await client.key("p256", "ES256")
    clock.now += MAX_AGE
    server.delay = 0.1
    body, server.body = server.body, json.dumps(jwks(ES256)).encode()
    client.refresh_if_stale()
    while server.hits < 2:  # noqa: ASYNC110 - the server has no event for its requests
        await asyncio.sleep(0.005)
    waiting = [asyncio.create_task(client.key("ed", "EdDSA")) for _ in range(5)]
    await asyncio.sleep(0.02)
    server.body, server.document = body, jwks(EDDSA)
    assert all(map(works, await asyncio.gather(*waiting)))


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-042")
async def test_unknown_key_ids_cause_three_fetches_at_once_and_then_one_per_cool_down(
    client: JwksClient, server: JwksServer, clock: Clock
) -> None:
    await client.key("ed", "EdDSA")
    start, waits = clock.now, []
    for count in range(6):
        assert f"no EdDSA key with 'kid' 'kid-{count}'" in await unknown(client, f"kid-{count}")
        waits.append(clock.now - start)
    assert waits == [0, 0, 0, COOLDOWN, 2 * COOLDOWN, 3 * COOLDOWN]
    assert server.hits == 1 + 6


@pytest.mark.req("AUTH-FR-041")
async def test_keys_that_rotate_in_quick_succession_are_found_at_once(client: JwksClient, server: JwksServer) -> None:
    server.document = jwks(ES256)
    await client.key("p256", "ES256")
    for successor in (eddsa("second"), eddsa("third"), eddsa("fourth")):
        server.document = jwks(successor)
        await client.key(successor.jwk["kid"], "EdDSA")
    assert server.hits == 4


@pytest.mark.req("AUTH-FR-046")
async def test_a_cancelled_request_does_not_cancel_the_fetch(client: JwksClient, server: JwksServer) -> None:
    server.delay = 0.05
    waiting = [asyncio.create_task(client.key("ed", "EdDSA")) for _ in range(10)]
    await asyncio.sleep(0.02)
    for task in waiting[:9]:
        task.cancel()
    assert works(await waiting[9])
    assert server.hits == 1
    assert all(
        isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*waiting[:9], return_exceptions=True)
    )


async def test_closing_ends_a_fetch_that_is_under_way_or_not_yet_begun(server: JwksServer) -> None:
    server.delay = 30
    for pause in (0, 0.02):
        client = JwksClient(server.url)
        waiting = asyncio.create_task(client.key("ed", "EdDSA"))
        await asyncio.sleep(pause)
        async with asyncio.timeout(1):
            await client.aclose()
            await asyncio.gather(waiting, return_exceptions=True)


async def test_the_generation_rises_with_the_content_and_not_with_fetches(
    client: JwksClient, server: JwksServer, clock: Clock
) -> None:
    await client.key("ed", "EdDSA")
    for _ in range(3):
        clock.now += COOLDOWN
        await unknown(client)
    assert (server.hits, client.generation) == (4, 1)
    server.document = jwks(EDDSA)
    clock.now += COOLDOWN
    await unknown(client)
    assert client.generation == 2
