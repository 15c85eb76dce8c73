"""The wire format of recurrence rules."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from src.recurrence.next import Basis
from src.recurrence.rule import MAX_LENGTH, parse_rule
from src.schemas.text import null_if_empty


def _normalize(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.isascii():  # because upper() turns some other letters into ASCII
        raise ValueError("must be written in ASCII")
    rule = text.replace(" ", "").upper().removeprefix("RRULE:")
    parse_rule(rule)
    if "SKIP=" in rule and "RSCALE=" not in rule:
        rule = f"RSCALE=GREGORIAN;{rule}"  # because RFC 7529, section 4, demands it beside SKIP
    if len(rule) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters, with RSCALE=GREGORIAN")
    return rule


Recurrence = Annotated[
    str | None,
    Field(
        max_length=MAX_LENGTH,
        description="One RRULE of RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,TH`, perhaps with `SKIP` of RFC 7529; "
        "responses have it in upper case.",
    ),
    BeforeValidator(null_if_empty),
    AfterValidator(_normalize),
]
RecurrenceFrom = Basis
