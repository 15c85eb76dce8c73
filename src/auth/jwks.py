"""Client for Better Auth's JWKS: fetch keys on demand, cache them, and refresh them in the background."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
from jose.backends.base import Key

from src.auth.http_json import FetchError, fetch_json
from src.auth.jwk import KeyName, usable_keys
from src.auth.log_safe import log_safe
from src.auth.rate_limiter import GcraLimiter
from src.errors.client import Unauthorized
from src.errors.server import SigningKeysUnavailable

logger = logging.getLogger(__name__)

_FETCH_BURST: Final = 3
_MAX_WAITING: Final = 100
_MAX_MISSING: Final = 1000


class JwksClient:
    """A cache of the keys at one JWKS URL.

    * The first request for a key triggers the first fetch.
    * Keys older than `max_age` seconds are refreshed in the background and used until the refresh succeeds, so also
      during an outage of the endpoint.
    * An unknown `kid` triggers a fetch: at most three in immediate succession, then one per `cooldown` seconds.
    * A `kid` that was already missing, or that of a token which is older than the latest fetch, is refused without
      waiting and triggers a fetch only if the latest one is `cooldown` seconds old.
    * A key counts as missing only after a fetch that started after the request for it. Up to 100 requests wait for
      their fetch, at most `cooldown` seconds, so that tokens with random `kid`s cannot hide a key rotation. Further
      requests are refused at once.
    * A failed fetch is not retried within `cooldown` seconds. A set without a usable key is a failed fetch, because a
      front end that has lost its keys for a moment must not make all tokens invalid.
    * All waiting requests share one fetch. Cancelling a request does not cancel the fetch.
    """

    def __init__(  # noqa: PLR0913 - the last two replace real time in tests
        self,
        url: str,
        *,
        max_age: float = 600,
        cooldown: float = SigningKeysUnavailable.retry_after,
        timeout: float = 3,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.generation = 0
        """A counter that increases whenever the keys change."""
        self._url, self._clock, self._sleep = httpx.URL(url), clock, sleep
        self._max_age, self._cooldown, self._timeout = max_age, cooldown, timeout
        self._http = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_keepalive_connections=0))
        self._keys: dict[KeyName, Key] = {}
        self._missing: dict[KeyName, None] = {}  # in the order in which they were found missing
        self._entries: list[object] | None = None
        self._started = self._fetched = 0  # the number of fetches, and the latest successful one
        self._waiting = 0
        self._limiter = GcraLimiter(burst=_FETCH_BURST, interval=cooldown)
        self._stale_at = self._retry_at = self._starts_at = self._fetched_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self._failure = "the service is shutting down"

    def cached_key(self, kid: str, alg: str) -> Key | None:
        """Return the cached key named `kid` for `alg`, without waiting."""
        self.refresh_if_stale()
        return self._keys.get((kid, alg))

    async def key(self, kid: str, alg: str, age: float = 0) -> Key:
        """Return the key named `kid` for `alg`, after fetching it if necessary.

        `age` is the minimum age of the token of the request, in seconds.

        Raises:
            Unauthorized: The JWKS has no such key, or too many requests wait for a fetch.
            SigningKeysUnavailable: The JWKS cannot be fetched.
        """
        found = self.cached_key(kid, alg)
        if found is None and not self._is_known_to_be_missing((kid, alg), age):
            found = await self._fetch_key((kid, alg))
        if found is None:
            raise Unauthorized(f"the JWKS has no {alg} key with 'kid' {log_safe(kid)}")
        return found

    @property
    def location(self) -> str:
        """The URL without a password."""
        return str(self._url.copy_with(userinfo=b"", query=None))

    @property
    def size(self) -> int:
        """The number of cached keys; a key counts once for each of its algorithms."""
        return len(self._keys)

    @property
    def age(self) -> float | None:
        """The seconds since the keys were fetched, or None before the first fetch."""
        return None if self._entries is None else self._clock() - self._stale_at + self._max_age

    def refresh_if_stale(self) -> None:
        """Start a background fetch if the cached keys are too old."""
        if self._entries is not None and self._clock() >= max(self._stale_at, self._retry_at) and not self._current():
            self._fetching = self._start_fetch(after=0)

    async def aclose(self) -> None:
        """Cancel the running fetch, fail waiting requests with `SigningKeysUnavailable`, and close the connections."""
        self._retry_at = math.inf
        if (current := self._current()) is not None:
            current.cancel()
            await asyncio.wait((current,))
        await self._http.aclose()

    async def _fetch_key(self, name: KeyName) -> Key | None:
        started = self._started
        while name not in self._keys and self._fetched <= started:
            await self._wait_for(self._current_or_new_fetch())
        if name not in self._keys:
            self._remember_missing(name)
        return self._keys.get(name)

    def _is_known_to_be_missing(self, name: KeyName, age: float) -> bool:
        """Whether the latest fetch would have found the key, because a key is published before it signs a token."""
        now = self._clock()
        is_older = now - age < self._fetched_at
        return now < self._fetched_at + self._cooldown and (is_older or name in self._missing)

    def _remember_missing(self, name: KeyName) -> None:
        self._missing[name] = None
        if len(self._missing) > _MAX_MISSING:
            del self._missing[next(iter(self._missing))]

    def _current_or_new_fetch(self) -> asyncio.Task[None]:
        if (current := self._current()) is not None:
            return current
        now = self._clock()
        if now < self._retry_at:
            raise SigningKeysUnavailable(f"the JWKS at {self.location} cannot be fetched: {self._failure}")
        self._fetching = self._start_fetch(after=0 if self._entries is None else self._limiter.reserve(now))
        return self._fetching

    def _current(self) -> asyncio.Task[None] | None:
        return None if self._fetching is None or self._fetching.done() else self._fetching

    async def _wait_for(self, fetch: asyncio.Task[None]) -> None:
        is_queued = self._clock() < self._starts_at
        if is_queued and self._waiting >= _MAX_WAITING:
            raise Unauthorized(f"{self._waiting} tokens with unknown keys already wait for the JWKS")
        self._waiting += is_queued
        try:
            # asyncio.wait neither cancels the task with this waiter nor raises the task's exception.
            await asyncio.wait((fetch,))
        finally:
            self._waiting -= is_queued

    def _start_fetch(self, *, after: float) -> asyncio.Task[None]:
        self._starts_at = self._clock() + after
        return asyncio.create_task(self._fetch(after), name="jwks")

    async def _fetch(self, after: float) -> None:
        if after > 0:
            await self._sleep(after)
        self._started += 1
        began = self._clock()
        try:
            self._adopt(_entries(await fetch_json(self._http, self._url, seconds=self._timeout)))
            self._fetched_at = began
        except FetchError as failure:
            self._retry_at, self._failure = self._clock() + self._cooldown, str(failure)
            logger.warning("cannot fetch the JWKS at %s: %s", self.location, failure)

    def _adopt(self, entries: list[object]) -> None:
        if entries != self._entries:
            keys = usable_keys(entries)
            if not keys:
                raise FetchError("the JWK Set has no usable key")
            self._keys, self._entries = keys, entries
            self.generation += 1
        self._fetched = self._started
        self._stale_at = self._clock() + self._max_age


def _entries(document: object) -> list[object]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchError("the response is not a JWK Set")
    return entries
