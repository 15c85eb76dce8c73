"""Priorities of tasks, in ascending order."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from src.schemas.text import lowercase

PriorityName = Literal["none", "low", "medium", "high", "urgent"]
PRIORITIES: tuple[PriorityName, ...] = get_args(PriorityName)
DEFAULT_PRIORITY: PriorityName = "medium"


def _normalize(value: object) -> object:
    """Convert a name to lower case, and null to `none`."""
    return "none" if value is None else lowercase(value)


Priority = Annotated[PriorityName, BeforeValidator(_normalize, json_schema_input_type=PriorityName | None)]
