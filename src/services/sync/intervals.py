"""The intervals of the change broker."""

from dataclasses import dataclass


@dataclass(slots=True)
class Intervals:
    """Intervals in seconds, shared by all parts of a broker."""

    notify: float = 0.02
    poll: float = 15.0
    """Between polls while the listener works, because a notification can be lost."""
    poll_without_listener: float = 1.0
    heartbeat: float = 15.0
