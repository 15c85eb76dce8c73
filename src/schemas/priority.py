"""Priorities of tasks, in ascending order."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from src.schemas.spellings import priority_name

PriorityName = Literal["none", "low", "medium", "high", "urgent"]
PRIORITIES: tuple[PriorityName, ...] = get_args(PriorityName)
DEFAULT_PRIORITY: PriorityName = "medium"


def _normalize(value: object) -> object:
    """Convert any spelling of a name, and null to `none`."""
    return "none" if value is None else priority_name(value) if isinstance(value, str) else value


Priority = Annotated[PriorityName, BeforeValidator(_normalize, json_schema_input_type=PriorityName | None)]
