"""Rate limits for each user, and for each network that fails to authenticate.

Clients read what is left in `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.middleware.response_headers import response_of
from src.api.problems import render
from src.errors import RateLimitExceeded
from src.rate_limiting.rate import Rate
from src.rate_limiting.stores import Counters

_IPV6_PREFIX = 64  # the least that one customer gets (RFC 6177)


class RateLimit:
    """A fixed-window limit for each key: so many requests in each second, minute, hour or day of the clock."""

    def __init__(self, name: str, rate: Rate, counters: Counters, clock: Callable[[], float] = time.time) -> None:
        self._name, self._rate, self._counters, self._clock = name, rate, counters, clock
        self._policy = f'"{name}";q={rate.amount};w={rate.seconds}'

    async def use(self, key: str) -> dict[str, str]:
        """Count a request of `key`, and return the header fields with the remaining quota.

        Raises:
            RateLimitExceeded: The limit is used up.
        """
        window, elapsed = divmod(self._clock(), self._rate.seconds)
        count = await self._counters.increment(f"{self._name}:{window:.0f}:{key}", self._rate.seconds)
        wait = math.ceil(self._rate.seconds - elapsed)
        quota = f'"{self._name}";r={max(0, self._rate.amount - count)};t={wait}'
        headers = {"RateLimit-Policy": self._policy, "RateLimit": quota}
        if count > self._rate.amount:
            raise RateLimitExceeded(self._name, wait, headers)
        return headers


class UserLimit:
    """Responds with 429, before the body is read, to a user whose limit is used up; public paths have no user."""

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
        except RateLimitExceeded as error:  # which has the headers itself
            return await render(error)(scope, receive, send)
        response_of(scope).add(headers)
        return await self._app(scope, receive, send)


def network(scope: Scope) -> str:
    """Return the client's network: the address for IPv4, the /64 for IPv6, because one customer has all of that."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, _IPV6_PREFIX), strict=False) if isinstance(address, IPv6Address) else address)
