"""Rates such as `1000/minute`, for rate limits."""

import re
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import PlainValidator

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_FORMAT = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_SECONDS)})")


@dataclass(frozen=True)
class Rate:
    """A maximum of `amount` requests in each `unit` of time."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a rate.

        Raises:
            ValueError: The text is no rate; the message describes the format.
        """
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise ValueError(f"must be a number per {', '.join(_SECONDS)}, such as 1000/minute, or off")
        return cls(int(match[1]), match[2])

    @property
    def seconds(self) -> int:
        """The length of the unit."""
        return _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount}/{self.unit}"


def _parse(value: object) -> Rate | None:
    """Parse a rate, or `off` or `0` for no limit."""
    if value is None or isinstance(value, Rate):
        return value
    return None if str(value).lower() in {"off", "0"} else Rate.parse(str(value))


RateOrOff = Annotated[Rate | None, PlainValidator(_parse)]
