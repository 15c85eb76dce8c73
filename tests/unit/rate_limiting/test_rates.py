"""Rates: a limit is used up by requests, and refilled by the clock."""

import pytest

from src.errors.client import RateLimitExceeded
from src.rate_limiting.limiter import RateLimiter
from src.rate_limiting.rate import Rate
from src.rate_limiting.stores import InMemoryCounterStore
from tests.unit.auth.clock import Clock


@pytest.mark.req("LIM-FR-001", "LIM-FR-005")
async def test_a_limit_is_refilled_after_retry_after() -> None:
    clock = Clock(120 + 45.5)
    limit = RateLimiter("user", Rate(2, "minute"), InMemoryCounterStore(), clock)
    assert [(await limit.hit("x"))["RateLimit"] for _ in range(2)] == ['"user";r=1;t=15', '"user";r=0;t=15']
    for _ in range(2):
        with pytest.raises(RateLimitExceeded) as refusal:
            await limit.hit("x")
        assert refusal.value.headers["Retry-After"] == "15"
    clock.now += 15
    assert (await limit.hit("x"))["RateLimit"] == '"user";r=1;t=60'


@pytest.mark.req("LIM-FR-010")
async def test_new_counters_evict_expired_ones() -> None:
    clock = Clock(0)
    store = InMemoryCounterStore(clock)
    for number in range(100):
        await store.increment(f"past-{number}", seconds=60)
    clock.now = 59
    assert await store.increment("past-99", seconds=60) == 2
    assert len(store) == 100
    clock.now = 60
    for number in range(99):
        assert await store.increment(f"now-{number}", seconds=60) == 1
    assert len(store) == 99 + len(["past-99"])
