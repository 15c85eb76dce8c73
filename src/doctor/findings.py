"""The findings of the doctor's checks."""

from functools import partial
from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """The finding of one check; `explanation` says how to fix what is wrong, and contains no secret."""

    level: Literal["ok", "WARN", "FAILED"]
    check: str
    explanation: str

    def __str__(self) -> str:
        return f"{self.level:6}  {self.check}: {self.explanation}"


ok = partial(Finding, "ok")
warning = partial(Finding, "WARN")
failed = partial(Finding, "FAILED")
