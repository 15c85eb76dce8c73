"""Limit the requests of a key, such as a user or a network, in fixed windows of time."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from src.errors.client import RateLimitExceeded
from src.rate_limiting.rate import Rate
from src.rate_limiting.stores import CounterStore

_IPV6_PREFIX = 64  # the least that one customer gets (RFC 6177)


class RateLimiter:
    """A fixed-window limit per key: a maximum of requests in each second, minute, hour or day of the clock."""

    def __init__(self, name: str, rate: Rate, store: CounterStore, clock: Callable[[], float] = time.time) -> None:
        self._name, self._rate, self._store, self._clock = name, rate, store, clock
        self._policy = f'"{name}";q={rate.amount};w={rate.seconds}'

    async def hit(self, key: str) -> dict[str, str]:
        """Count a request of `key`, and return the header fields with the remaining quota.

        Raises:
            RateLimitExceeded: The limit is used up.
        """
        window, elapsed = divmod(int(self._clock()), self._rate.seconds)
        count = await self._store.increment(f"{self._name}:{window}:{key}", self._rate.seconds)
        wait = self._rate.seconds - elapsed
        quota = f'"{self._name}";r={max(0, self._rate.amount - count)};t={wait}'
        headers = {"RateLimit-Policy": self._policy, "RateLimit": quota}
        if count > self._rate.amount:
            raise RateLimitExceeded(self._name, wait, headers)
        return headers


def client_network(host: str) -> str:
    """Return the network of a client's address: the IPv4 address itself, or the IPv6 /64, which one customer has."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, _IPV6_PREFIX), strict=False) if isinstance(address, IPv6Address) else address)
