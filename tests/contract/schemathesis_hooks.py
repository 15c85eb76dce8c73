"""Accept refusals that JSON Schema cannot express; everything else that Schemathesis finds is a defect."""

from datetime import UTC, date, datetime
from typing import Any

import schemathesis
from hypothesis import strategies
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
    "uid_changed",
    "task_repeated",
    "extra_forbidden",  # bulk refuses unknown members, which the document has no second schema for (ADR 0065)
}
_DAYS = strategies.dates(date(2, 1, 1), date(9998, 1, 1))
_TIMES = strategies.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))  # noqa: DTZ001 - local times
_DUE_DATES = strategies.one_of(
    strategies.just(""),
    _DAYS.map(date.isoformat),
    _TIMES.map(datetime.isoformat),
    _TIMES.map(lambda time: time.replace(tzinfo=UTC).isoformat()),
)
schemathesis.openapi.format("due-date", _DUE_DATES)


@hook
def filter_failure(_: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Return whether the failure is a defect."""
    if isinstance(failure, RejectedPositiveData):
        errors = response.json().get("errors")
        return not errors or not all(_is_beyond_schemas(error) for error in errors)
    return not (isinstance(failure, AcceptedNegativeData) and _spells_a_boolean_otherwise(case.body))


def _is_beyond_schemas(error: dict[str, str]) -> bool:
    """Cursors are what a page gave, keys are new, zones are the IANA's, rules the RFC's, texts trimmed, times past."""
    name = error["field"].rpartition(".")[2]
    if error["type"] in _TYPES:
        return True
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
