"""The intervals of the change broker."""

from dataclasses import dataclass


@dataclass(slots=True)
class Intervals:
    """Seconds between two rounds of the same work. The parts of a broker share one instance."""

    notify: float = 0.02
    poll: float = 15.0
    """While the listener works, too: a notification can be lost."""
    poll_without_listener: float = 1.0
    heartbeat: float = 15.0
