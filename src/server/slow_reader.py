"""Whether a client reads what is sent to it."""

import math
from asyncio import Transport

STALL_SECONDS = 20
"""How long a client may read less than `READ_RATE`."""

READ_RATE = 16 * 1024
"""In bytes a second; what the kernel has taken counts as read."""


class Reader:
    """The client at the other end of a transport, judged by what the transport still keeps for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._unread = 0
        self._judged_at = math.inf

    def caught_up(self) -> None:
        """Most of what was to be read has been: whatever is unread by now is new."""
        self._judged_at = math.inf

    def is_stuck(self, now: float) -> bool:
        """Whether it has read too little for `STALL_SECONDS`; to be asked again and again."""
        unread = self._transport.get_write_buffer_size()
        if not unread:
            self.caught_up()
        if now < self._judged_at < math.inf or not unread:
            return False
        stuck = self._judged_at < math.inf and self._unread - unread < STALL_SECONDS * READ_RATE
        self._unread, self._judged_at = unread, now + STALL_SECONDS
        return stuck
