"""Better Auth's public keys: fetched when first needed, never awaited by a request whose key is known."""

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
from src.errors import ServiceUnavailable, Unauthorized

_log = logging.getLogger(__name__)

_SEARCHES_AT_ONCE: Final = 3
_WAITING_AT_MOST: Final = 100


class KeysUnavailable(ServiceUnavailable):
    """A token's key is unknown and the JWKS endpoint does not answer: the token may be good or not."""

    slug = "keys-unavailable"
    detail = "The keys that verify access tokens cannot be fetched; try again in a moment."
    retry_after = 5


class JwksClient:
    """The keys at one JWKS URL.

    * Nothing is fetched before a key is asked for.
    * A set older than `max_age` seconds is fetched again in the background; its keys serve until another
      arrives, so also while the endpoint is down.
    * An unknown `kid` has the set fetched again: three times in a row at once, then once per `cooldown` seconds.
    * A key is missing only if a fetch that began after it was asked for says so. 100 requests may wait for such
      a fetch's turn, `cooldown` seconds at most: up to there, strangers who use the fetches up hide no rotation.
      Who comes on top of them is refused at once.
    * A failed fetch is not repeated within `cooldown` seconds.
    * One fetch at a time, shared by all who wait for it. Who is cancelled leaves it running for the others.
    """

    def __init__(  # noqa: PLR0913 - the last two are time itself, for tests that do not wait
        self,
        url: str,
        *,
        max_age: float = 600,
        cooldown: float = KeysUnavailable.retry_after,
        timeout: float = 3,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.generation = 0
        """Rises whenever the set of keys changes."""
        self._url, self._clock, self._sleep = httpx.URL(url), clock, sleep
        self._max_age, self._cooldown, self._timeout = max_age, cooldown, timeout
        self._http = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_keepalive_connections=0))
        self._keys: dict[KeyName, Key] = {}
        self._entries: list[object] | None = None
        self._begun = self._answered = 0  # how many fetches began, and which of them brought the keys
        self._waiting = 0
        self._searches = GcraLimiter(burst=_SEARCHES_AT_ONCE, interval=cooldown)
        self._stale_at = self._retry_at = self._begins_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None

    def known(self, kid: str, alg: str) -> Key | None:
        """The key named `kid` for `alg`, if it is there without waiting."""
        self.keep_fresh()
        return self._keys.get((kid, alg))

    async def key(self, kid: str, alg: str) -> Key:
        """The key named `kid` for `alg`, fetched if need be.

        Raises:
            Unauthorized: the set has no such key, or too many wait to find out.
            KeysUnavailable: whether there is such a key cannot be found out now.
        """
        found = self.known(kid, alg) or await self._searched((kid, alg))
        if found is None:
            raise Unauthorized(f"the JWKS has no {alg} key with 'kid' {log_safe(kid)}")
        return found

    @property
    def size(self) -> int:
        """How many keys are known; a key counts once for each algorithm that it is used with."""
        return len(self._keys)

    @property
    def age(self) -> float | None:
        """How many seconds ago the keys were fetched; None before that."""
        return None if self._entries is None else self._clock() - self._stale_at + self._max_age

    def keep_fresh(self) -> None:
        """Fetch a set that is too old again, without waiting for it."""
        if self._entries is not None and self._clock() >= max(self._stale_at, self._retry_at) and not self._current():
            self._fetching = self._started(after=0)

    async def aclose(self) -> None:
        """Stop fetching, let those who wait go with `KeysUnavailable`, and free the connections."""
        self._retry_at = math.inf
        if (current := self._current()) is not None:
            current.cancel()
            await asyncio.wait((current,))
        await self._http.aclose()

    async def _searched(self, name: KeyName) -> Key | None:
        arrived = self._begun
        while name not in self._keys and self._answered <= arrived:
            await self._end_of(self._search())
        return self._keys.get(name)

    def _search(self) -> asyncio.Task[None]:
        if (current := self._current()) is not None:
            return current
        now = self._clock()
        if now < self._retry_at:
            raise KeysUnavailable
        self._fetching = self._started(after=0 if self._entries is None else self._searches.reserve(now))
        return self._fetching

    def _current(self) -> asyncio.Task[None] | None:
        return None if self._fetching is None or self._fetching.done() else self._fetching

    async def _end_of(self, fetch: asyncio.Task[None]) -> None:
        in_line = self._clock() < self._begins_at
        if in_line and self._waiting >= _WAITING_AT_MOST:
            raise Unauthorized(f"{self._waiting} tokens of unknown keys wait for the JWKS already")
        self._waiting += in_line
        try:
            # Neither the cancellation of this waiter nor a failure of the task crosses asyncio.wait.
            await asyncio.wait((fetch,))
        finally:
            self._waiting -= in_line

    def _started(self, *, after: float) -> asyncio.Task[None]:
        self._begins_at = self._clock() + after
        return asyncio.create_task(self._fetch(after), name="jwks")

    async def _fetch(self, after: float) -> None:
        if after > 0:
            await self._sleep(after)
        self._begun += 1
        try:
            self._adopt(_entries(await fetch_json(self._http, self._url, seconds=self._timeout)))
        except FetchError as failure:
            self._retry_at = self._clock() + self._cooldown
            _log.warning("The JWKS at %r cannot be fetched: %s", self._url, failure)

    def _adopt(self, entries: list[object]) -> None:
        self._answered = self._begun
        self._stale_at = self._clock() + self._max_age
        if entries != self._entries:
            self._keys, self._entries = usable_keys(entries), entries
            self.generation += 1


def _entries(document: object) -> list[object]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchError("the answer is not a JWK Set")
    return entries
