"""Better Auth's public keys: fetched when first needed, never awaited by a request whose key is known."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Final

import httpx
from jose.backends.base import Key

from src.auth.allowance import Allowance
from src.auth.fetching import FetchError, fetch_json
from src.auth.jwk import KeyName, usable_keys
from src.auth.quoting import quoted
from src.errors import ServiceUnavailable, Unauthorized

_log = logging.getLogger(__name__)

_SEARCHES_AT_ONCE: Final = 3


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
    * An unknown `kid` has the set fetched again, but only once per `cooldown` seconds when strangers keep asking.
      Three times in a row it may happen at once, so that a rotation is seen whatever happened just before.
    * A failed fetch is not repeated within `cooldown` seconds.
    * One fetch at a time, shared by all who wait for it. Who is cancelled leaves it running for the others.
    """

    def __init__(
        self,
        url: str,
        *,
        max_age: float = 600,
        cooldown: float = KeysUnavailable.retry_after,
        timeout: float = 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.generation = 0
        """Rises whenever the set of keys changes."""
        self._url, self._clock = httpx.URL(url), clock
        self._max_age, self._cooldown, self._timeout = max_age, cooldown, timeout
        self._http = httpx.AsyncClient(timeout=timeout, limits=httpx.Limits(max_keepalive_connections=0))
        self._keys: dict[KeyName, Key] = {}
        self._entries: list[object] | None = None
        self._reachable = False
        self._searches = Allowance(burst=_SEARCHES_AT_ONCE, interval=cooldown)
        self._stale_at = self._retry_at = -math.inf
        self._fetching: asyncio.Task[None] | None = None

    def known(self, kid: str, alg: str) -> Key | None:
        """The key named `kid` for `alg`, if it is there without waiting."""
        self.keep_fresh()
        return self._keys.get((kid, alg))

    async def key(self, kid: str, alg: str) -> Key:
        """The key named `kid` for `alg`, fetched if need be.

        Raises:
            Unauthorized: the set has no such key.
            KeysUnavailable: whether there is such a key cannot be found out now.
        """
        found = self.known(kid, alg) or await self._searched((kid, alg))
        if found is not None:
            return found
        if not self._reachable:
            raise KeysUnavailable
        raise Unauthorized(f"the JWKS has no {alg} key with 'kid' {quoted(kid)}")

    def keep_fresh(self) -> None:
        """Fetch a set that is too old again, without waiting for it."""
        if self._entries is not None and self._clock() >= max(self._stale_at, self._retry_at):
            self._start()

    async def aclose(self) -> None:
        """Stop fetching and free the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await self._settled()
        await self._http.aclose()

    async def _searched(self, name: KeyName) -> Key | None:
        await self._settled()
        if name not in self._keys and self._may_search():
            self._start()
            await self._settled()
        return self._keys.get(name)

    def _may_search(self) -> bool:
        now = self._clock()
        return now >= self._retry_at and (self._entries is None or self._searches.take(now))

    async def _settled(self) -> None:
        # Neither the cancellation of this waiter nor a failure of the task crosses asyncio.wait.
        while self._fetching is not None and not self._fetching.done():
            await asyncio.wait((self._fetching,))

    def _start(self) -> None:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(), name="jwks")

    async def _fetch(self) -> None:
        self._reachable = False
        try:
            self._adopt(_entries(await fetch_json(self._http, self._url, seconds=self._timeout)))
        except FetchError as failure:
            self._retry_at = self._clock() + self._cooldown
            _log.warning("The JWKS at %r cannot be fetched: %s", self._url, failure)

    def _adopt(self, entries: list[object]) -> None:
        self._reachable = True
        self._stale_at = self._clock() + self._max_age
        if entries != self._entries:
            self._keys, self._entries = usable_keys(entries), entries
            self.generation += 1


def _entries(document: object) -> list[object]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise FetchError("the answer is not a JWK Set")
    return entries
