"""Priorities, in their order."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from src.schemas.text import lowercase

PriorityName = Literal["none", "low", "medium", "high", "urgent"]
PRIORITIES: tuple[PriorityName, ...] = get_args(PriorityName)
DEFAULT_PRIORITY: PriorityName = "medium"


def _known(value: object) -> object:
    """Any case will do; null is no priority."""
    return "none" if value is None else lowercase(value)


Priority = Annotated[PriorityName, BeforeValidator(_known, json_schema_input_type=PriorityName | None)]
