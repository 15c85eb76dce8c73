"""Accept refusals that JSON Schema cannot express; everything else that Schemathesis finds is a defect."""

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError
from schemathesis import Case, HookContext, Response, hook
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

_BOOLEAN = TypeAdapter(bool)
_TYPES = {
    "string_too_short",
    "idempotency_key_reused",
    "time_zone_unknown",
    "unknown_members",
    "spellings_disagree",
}
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?'")
"""Whose pattern allows the 31st of each month, and 25 o'clock."""
_ENDS_OF_THE_CALENDAR = ("0001-01-01", "9999-12-31")


@hook
def filter_failure(_: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Return whether the failure is a defect."""
    if isinstance(failure, RejectedPositiveData):
        errors = response.json().get("errors")
        return not errors or not all(_is_beyond_schemas(error, case) for error in errors)
    return not (isinstance(failure, AcceptedNegativeData) and _spells_a_boolean_otherwise(case.body))


def _is_beyond_schemas(error: dict[str, str], case: Case[Any]) -> bool:
    """Cursors are what a page gave, keys are new, zones are the IANA's, rules the RFC's, texts trimmed, times past."""
    name = error["field"].rpartition(".")[2]
    if error["type"] in _TYPES:
        return True
    if name.startswith("due_"):
        sent = repr((case.body, case.query))
        return any(end in sent for end in _ENDS_OF_THE_CALENDAR) or _LOCAL_TIME.search(sent) is not None
    return name in {
        "cursor",
        "tz",
        "Time-Zone",
        "time_zone",
        "recurrence",
        "recurrence_tz",
        "created_at",
        "completed_at",
        "task",
        "",
    }


def _spells_a_boolean_otherwise(body: object) -> bool:
    """Clients may also send 0 or "yes" as the completion of a task."""
    if isinstance(body, list):
        return any(map(_spells_a_boolean_otherwise, body))
    if not isinstance(body, dict):
        return False
    return _is_a_boolean(body.get("completed")) or any(map(_spells_a_boolean_otherwise, body.values()))


def _is_a_boolean(completed: object) -> bool:
    try:
        return not isinstance(completed, bool) and _BOOLEAN.validate_python(completed) in {True, False}
    except ValidationError:
        return False
