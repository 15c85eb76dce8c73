"""Buffered standard output for the access log: one write(2) costs as much as formatting a line."""

import asyncio
import sys
from contextlib import suppress
from select import PIPE_BUF

_FLUSH_SECONDS = 0.05


class BufferedLineWriter:
    """Writes lines to standard output together, at most 50 ms later.

    A write has whole lines and at most `PIPE_BUF` bytes, so that lines of several processes do not mix (pipe(7)).
    Lines that cannot be written are lost.
    """

    def __init__(self) -> None:
        self._output = sys.stdout
        self._lines: list[str] = []
        self._size = 0

    def write(self, line: str) -> None:
        """Buffer a line of ASCII characters."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        elif self._size + len(line) > PIPE_BUF:
            self.flush()
        self._lines.append(line)
        self._size += len(line)

    def flush(self) -> None:
        """Write the buffered lines."""
        text = "".join(self._lines)
        self._lines.clear()
        self._size = 0
        with suppress(OSError, ValueError):
            self._output.write(text)
            self._output.flush()
