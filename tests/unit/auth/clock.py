"""A clock that only tests advance, and a wait for background fetches."""

import asyncio
from dataclasses import dataclass

from src.auth.jwks import JwksClient

MAX_AGE = 600
COOLDOWN = 5


@dataclass
class Clock:
    """A monotonic clock in seconds that starts anywhere."""

    now: float = 1000

    def __call__(self) -> float:
        return self.now


async def until_fetched(client: JwksClient, generation: int) -> None:
    """Return when the client has its keys of this generation; fail after two seconds."""
    async with asyncio.timeout(2):
        while client.generation < generation:  # noqa: ASYNC110 - nothing announces the end of a background fetch
            await asyncio.sleep(0.005)
