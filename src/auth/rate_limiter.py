"""Rate limiter for costly actions that unauthenticated requests can trigger."""


class GcraLimiter:
    """Allow `burst` actions at once, and one per `interval` on average (generic cell rate algorithm, GCRA).

    The only state is the theoretical arrival time: the time up to which capacity is reserved.
    """

    def __init__(self, *, burst: int, interval: float) -> None:
        self._interval = interval
        self._tolerance = (burst - 1) * interval
        self._arrival_time = 0.0

    def reserve(self, now: float) -> float:
        """Reserve one action and return the seconds to wait for it.

        The wait is at most one `interval` if the previously reserved action has started.
        """
        wait = max(0, self._arrival_time - self._tolerance - now)
        self._arrival_time = max(now, self._arrival_time) + self._interval
        return wait
