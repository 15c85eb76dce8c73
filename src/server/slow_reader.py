"""Detect clients that read their responses too slowly."""

import math
from asyncio import Transport

MEASUREMENT_SECONDS = 20
"""The maximum time for which a client may read slower than `MIN_READ_RATE`."""

MIN_READ_RATE = 16 * 1024
"""In bytes per second; bytes in the kernel's send buffer count as read."""


class SlowReaderDetector:
    """Measure how fast a client drains the write buffer of a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._unread = 0
        self._deadline = math.inf

    def reset(self) -> None:
        """Restart the measurement: the client drained the write buffer below its low-water mark."""
        self._deadline = math.inf

    def is_too_slow(self, now: float) -> bool:
        """Whether the client was too slow in the last `MEASUREMENT_SECONDS`; the caller polls this."""
        unread = self._transport.get_write_buffer_size()
        if not unread:
            self.reset()
        if now < self._deadline < math.inf or not unread:
            return False
        too_slow = self._deadline < math.inf and self._unread - unread < MEASUREMENT_SECONDS * MIN_READ_RATE
        self._unread, self._deadline = unread, now + MEASUREMENT_SECONDS
        return too_slow
