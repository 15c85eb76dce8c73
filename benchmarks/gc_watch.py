"""Run `python -m src` and append the pauses of its garbage collector to a file.

`python -m benchmarks.gc_watch FILE serve` serves as `python -m src serve` does. Each line of the file has the time at
which a pause ended (of the monotonic clock, which all processes share) and its seconds.
"""

import gc
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

_SHORTEST_SECONDS = 0.001


@contextmanager
def recorded(file: Path) -> Iterator[None]:
    """Append each pause of a millisecond or more, while the block is open."""
    started = monotonic()

    def on_collection(phase: str, _: object) -> None:
        nonlocal started
        now = monotonic()
        if phase == "start":
            started = now
        elif now - started >= _SHORTEST_SECONDS:
            log.write(f"{now} {now - started}\n")

    with file.open("a", buffering=1) as log:
        gc.callbacks.append(on_collection)
        try:
            yield
        finally:
            gc.callbacks.remove(on_collection)


if __name__ == "__main__":
    with recorded(Path(sys.argv.pop(1))):
        runpy.run_module("src", run_name="__main__", alter_sys=True)
