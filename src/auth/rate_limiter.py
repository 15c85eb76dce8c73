"""How often something costly may happen when strangers can ask for it."""


class GcraLimiter:
    """Lets something happen `burst` times at once, and once per `interval` in the long run.

    This is the generic cell rate algorithm: one number says until when the future is used up.
    """

    def __init__(self, *, burst: int, interval: float) -> None:
        self._interval = interval
        self._slack = (burst - 1) * interval
        self._used_until = 0.0

    def reserve(self, now: float) -> float:
        """The seconds until it may happen; it counts already.

        Whoever books only after the last booking has come waits for one `interval` at most.
        """
        wait = max(0, self._used_until - self._slack - now)
        self._used_until = max(now, self._used_until) + self._interval
        return wait
