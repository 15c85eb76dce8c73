"""The names of the switches for existing front ends, which the setting COMPATIBILITY turns on."""

from typing import Literal

Switch = Literal["is_completed", "status", "message", "json-delete", "json-errors", "toggle"]

TOGGLES = ("toggle", "status")
"""The last segments of the paths that are synonyms of `…/complete` with the switch `toggle`."""
