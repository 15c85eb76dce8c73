"""Recurrence rules: a placeholder until the real module is merged."""

from typing import Annotated, Literal

from pydantic import Field

Recurrence = Annotated[str | None, Field(max_length=500)]
RecurrenceFrom = Literal["due_date", "completion"]
