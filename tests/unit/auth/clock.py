"""A clock that only tests move, and waiting for what no test is told of."""

import asyncio
from dataclasses import dataclass

from src.auth.jwks import JwksClient

MAX_AGE = 600
COOLDOWN = 5


@dataclass
class Clock:
    """Seconds since whenever."""

    now: float = 1000

    def __call__(self) -> float:
        return self.now


async def until_fetched(client: JwksClient, generation: int) -> None:
    """Return when the client has its keys of this generation; fail after two seconds."""
    async with asyncio.timeout(2):
        while client.generation < generation:  # noqa: ASYNC110 - nothing announces the end of a background fetch
            await asyncio.sleep(0.005)
