"""Rate limits: no user, and no network that fails to authenticate, takes more than its share.

Clients read what is left in `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.counters import Counters
from src.api.problems import render
from src.api.response_headers import response_of
from src.errors import RateLimitExceeded
from src.schemas.rate import Rate

_IPV6_PREFIX = 64  # what one customer gets at least (RFC 6177)


class RateLimit:
    """So many times for each key in each second, minute, hour or day of the clock."""

    def __init__(self, name: str, rate: Rate, counters: Counters, clock: Callable[[], float] = time.time) -> None:
        self._name, self._rate, self._counters, self._clock = name, rate, counters, clock
        self._policy = f'"{name}";q={rate.amount};w={rate.seconds}'

    async def use(self, key: str) -> dict[str, str]:
        """Use it once: the header fields that tell what is left for `key`.

        Raises:
            RateLimitExceeded: nothing is left.
        """
        window, elapsed = divmod(self._clock(), self._rate.seconds)
        count = await self._counters.increment(f"{self._name}:{window:.0f}:{key}", self._rate.seconds)
        wait = math.ceil(self._rate.seconds - elapsed)
        left = f'"{self._name}";r={max(0, self._rate.amount - count)};t={wait}'
        headers = {"RateLimit-Policy": self._policy, "RateLimit": left}
        if count > self._rate.amount:
            raise RateLimitExceeded(self._name, wait, headers)
        return headers


class UserLimit:
    """Answers 429, before a body is read, to a user who has used up the limit; public paths have no user."""

    def __init__(self, app: ASGIApp, limit: RateLimit) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        user_id = scope.get("state", {}).get("user_id")
        if user_id is None:
            return await self._app(scope, receive, send)
        try:
            headers = await self._limit.use(user_id)
        except RateLimitExceeded as error:
            return await render(error)(scope, receive, send)
        response_of(scope).add(headers)
        return await self._app(scope, receive, send)


def network(scope: Scope) -> str:
    """Where a request comes from: the address for IPv4, the /64 for IPv6, as one customer has that many addresses."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, _IPV6_PREFIX), strict=False) if isinstance(address, IPv6Address) else address)
