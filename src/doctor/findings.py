"""What a check found."""

from functools import partial
from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """What one check says; `explanation` says what to mend where something is wrong, and holds no secret."""

    level: Literal["ok", "WARN", "FAILED"]
    check: str
    explanation: str

    def __str__(self) -> str:
        return f"{self.level:6}  {self.check}: {self.explanation}"


ok = partial(Finding, "ok")
warning = partial(Finding, "WARN")
failed = partial(Finding, "FAILED")
