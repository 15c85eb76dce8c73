"""Categories: one short label of a task, beside its tags."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from src.schemas.text import NO_NUL_PATTERN, null_if_empty

Category = Annotated[
    str | None,
    StringConstraints(strip_whitespace=True),
    Field(max_length=50, pattern=NO_NUL_PATTERN, description="A label; white space and the empty string mean null."),
    AfterValidator(null_if_empty),
]
