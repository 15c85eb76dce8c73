"""The cool-down of fetches: floods of unknown keys delay tokens of a new key, but do not cause refusals."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from jose.backends.base import Key

from src.auth.jwks import JwksClient
from src.errors.client import Unauthorized
from src.errors.server import SigningKeysUnavailable
from tests.support.jwks_server import JwksServer
from tests.support.minting import EDDSA, ES256, jwks
from tests.unit.auth.clock import COOLDOWN, MAX_AGE, Clock

AT_ONCE = 3
MAX_WAITING = 100


@dataclass
class ManualClock(Clock):
    """A clock whose sleepers wake up when the test advances it."""

    slept: list[float] = field(default_factory=list)
    due: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.due.wait()

    def wake(self) -> None:
        """Advance the clock by the last sleep."""
        self.now += self.slept[-1]
        self.due.set()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def client(server: JwksServer, clock: ManualClock) -> AsyncIterator[JwksClient]:
    """Return a client in its cool-down that has cached ES256's key only; `server` has since rotated."""
    server.document = jwks(ES256)
    keys = JwksClient(server.url, max_age=MAX_AGE, cooldown=COOLDOWN, timeout=1, clock=clock, sleep=clock.sleep)
    await keys.key("p256", "ES256")
    for count in range(AT_ONCE):
        with pytest.raises(Unauthorized):
            await keys.key(f"stranger-{count}", "EdDSA")
    server.document = jwks(EDDSA, ES256)
    yield keys
    await keys.aclose()


async def start_requests(client: JwksClient, kids: Iterable[str]) -> list[asyncio.Task[Key]]:
    """Start requests, and let them run until they wait for the clock."""
    requests = [asyncio.create_task(client.key(kid, "EdDSA")) for kid in kids]
    await asyncio.sleep(0.02)
    return requests


async def outcomes(requests: list[asyncio.Task[Key]]) -> Counter[type]:
    """Return the requests' results: a bool for whether the key verifies, or the class of the refusal."""
    async with asyncio.timeout(2):
        results = await asyncio.gather(*requests, return_exceptions=True)
    return Counter(type(end) if isinstance(end, BaseException) else type(works(end)) for end in results)


def works(key: Key) -> bool:
    assert key.verify(b"message", EDDSA.sign(b"message"))
    return True


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-042")
async def test_a_new_key_is_accepted_within_a_cool_down_despite_a_flood_of_unknown_keys(
    client: JwksClient, server: JwksServer, clock: ManualClock
) -> None:
    requests = await start_requests(client, ["stranger", "ed"])
    assert not any(request.done() for request in requests)
    assert clock.slept == [COOLDOWN]
    clock.wake()
    assert await outcomes(requests) == {Unauthorized: 1, bool: 1}
    assert server.hits == 1 + AT_ONCE + 1


@pytest.mark.req("AUTH-FR-042")
async def test_a_late_request_waits_for_the_rest_of_the_cool_down_only(client: JwksClient, clock: ManualClock) -> None:
    clock.now += COOLDOWN - 1
    requests = await start_requests(client, ["ed"])
    assert clock.slept == [1]
    clock.wake()
    assert await outcomes(requests) == {bool: 1}


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-042")
async def test_with_a_real_clock_a_rotation_delays_requests_by_a_cool_down_at_most(server: JwksServer) -> None:
    server.document, cooldown = jwks(ES256), 0.3
    client = JwksClient(server.url, cooldown=cooldown)
    strangers = [
        request for count in range(AT_ONCE + 2) for request in await start_requests(client, [f"stranger-{count}"])
    ]
    server.document = jwks(EDDSA)
    async with asyncio.timeout(cooldown + 0.2):
        assert works(await client.key("ed", "EdDSA"))
    assert await outcomes(strangers) == {Unauthorized: AT_ONCE + 2}
    await client.aclose()


@pytest.mark.req("AUTH-FR-041")
async def test_a_request_during_a_fetch_that_missed_the_rotation_uses_the_next_fetch(
    client: JwksClient, server: JwksServer, clock: ManualClock
) -> None:
    server.delay, server.body = 0.1, json.dumps(jwks(ES256)).encode()
    early = await start_requests(client, ["stranger"])
    clock.wake()
    await asyncio.sleep(0.02)
    clock.due.clear()
    late = await start_requests(client, ["ed"])
    assert await outcomes(early) == {Unauthorized: 1}
    server.body = None
    clock.wake()
    assert await outcomes(late) == {bool: 1}
    assert server.hits == 1 + AT_ONCE + 2


@pytest.mark.req("AUTH-FR-040", "AUTH-FR-042")
async def test_cached_keys_never_wait_not_even_in_a_stale_set(client: JwksClient, clock: ManualClock) -> None:
    requests = await start_requests(client, ["ed"])
    clock.now += MAX_AGE
    async with asyncio.timeout(0.05):
        await client.key("p256", "ES256")
    assert not requests[0].done()
    clock.due.set()
    assert await outcomes(requests) == {bool: 1}


@pytest.mark.req("AUTH-FR-042")
async def test_of_a_thousand_unknown_keys_a_hundred_wait_and_all_are_refused_after_one_fetch(
    client: JwksClient, server: JwksServer, clock: ManualClock
) -> None:
    requests = await start_requests(client, [f"kid-{count}" for count in range(1000)])
    assert sum(not request.done() for request in requests) == MAX_WAITING
    assert server.hits == 1 + AT_ONCE
    clock.wake()
    server.delay = 0.2
    requests += await start_requests(client, ["ed"])  # while the fetch is under way, and the hundred with it
    assert await outcomes(requests) == {Unauthorized: 1000, bool: 1}
    assert server.hits == 1 + AT_ONCE + 1


@pytest.mark.req("AUTH-FR-042")
async def test_a_thousand_first_requests_are_served_if_a_fetch_is_allowed(
    server: JwksServer, clock: ManualClock
) -> None:
    client = JwksClient(server.url, clock=clock, sleep=clock.sleep)
    requests = await start_requests(client, ["ed"] * 1000)
    assert await outcomes(requests) == {bool: 1000}
    assert (server.hits, clock.slept) == (1, [])
    await client.aclose()


@pytest.mark.req("AUTH-FR-046")
async def test_a_cancelled_waiting_request_frees_its_slot_and_the_others_are_served(
    client: JwksClient, clock: ManualClock
) -> None:
    crowd = await start_requests(client, ["stranger"] * MAX_WAITING)
    [refused] = await start_requests(client, ["ed"])
    assert await outcomes([refused]) == {Unauthorized: 1}
    for request in crowd[:50]:
        request.cancel()
    assert await outcomes(crowd[:50]) == {asyncio.CancelledError: 50}
    valid = await start_requests(client, ["ed"] * 50)
    clock.wake()
    assert await outcomes(crowd[50:] + valid) == {Unauthorized: 50, bool: 50}


async def test_closing_ends_all_waits_at_once_and_fetches_no_more(
    client: JwksClient, server: JwksServer, clock: ManualClock
) -> None:
    requests = await start_requests(client, ["ed"] * 10)
    async with asyncio.timeout(0.5):
        await client.aclose()
    assert await outcomes(requests) == {SigningKeysUnavailable: 10}
    clock.wake()
    assert await outcomes(await start_requests(client, ["ed"])) == {SigningKeysUnavailable: 1}
    assert server.hits == 1 + AT_ONCE


@pytest.mark.req("AUTH-FR-044")
async def test_an_outage_while_waiting_is_a_503_and_cached_keys_are_accepted(
    client: JwksClient, server: JwksServer, clock: ManualClock
) -> None:
    requests = await start_requests(client, ["ed"] * 10)
    server.status = 500
    clock.wake()
    assert await outcomes(requests) == {SigningKeysUnavailable: 10}
    assert await client.key("p256", "ES256") is client.cached_key("p256", "ES256")
    assert await outcomes(await start_requests(client, ["ed"])) == {SigningKeysUnavailable: 1}
    assert server.hits == 1 + AT_ONCE + 1
