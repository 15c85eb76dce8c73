"""How often something costly may happen when strangers can ask for it."""


class Allowance:
    """Lets something happen `burst` times at once, and once per `interval` in the long run.

    This is the generic cell rate algorithm: one number says until when the future is used up.
    """

    def __init__(self, *, burst: int, interval: float) -> None:
        self._interval = interval
        self._slack = (burst - 1) * interval
        self._used_until = 0.0

    def take(self, now: float) -> bool:
        """Whether it may happen now; if so, it counts."""
        if now < self._used_until - self._slack:
            return False
        self._used_until = max(now, self._used_until) + self._interval
        return True
