"""Lines that are written some at a time: a write costs as much as what it takes to make the line."""

import asyncio
import sys
from contextlib import suppress
from select import PIPE_BUF

_SECONDS = 0.05


class LineWriter:
    """Writes lines to standard output within 50 ms, or when it is told to.

    A write is of whole lines and of at most `PIPE_BUF` bytes, so that lines of several processes do not mix (pipe(7)).
    What cannot be written is lost.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def write(self, line: str) -> None:
        """Write a line of ASCII characters."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_SECONDS, self.flush)
        elif self._size + len(line) > PIPE_BUF:
            self.flush()
        self._lines.append(line)
        self._size += len(line)

    def flush(self) -> None:
        """Write what waits."""
        text = "".join(self._lines)
        self._lines.clear()
        self._size = 0
        with suppress(OSError, ValueError):
            sys.stdout.write(text)
            sys.stdout.flush()
