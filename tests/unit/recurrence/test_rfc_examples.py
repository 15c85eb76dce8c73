"""Completing in time gives the dates that RFC 5545 gives, as instants in New York and as days."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from tests.unit.recurrence.completing import in_time
from tests.unit.recurrence.rfc_examples import ENDING, GOING_ON, TIMES_ENDING, TIMES_GOING_ON

_NEW_YORK = "America/New_York"


def _instants(wall_clock: list[str]) -> list[str]:
    return [datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(_NEW_YORK)).isoformat() for text in wall_clock]


@pytest.mark.req("TASK-FR-102", "TASK-FR-104")
@pytest.mark.parametrize(("rule", "days"), ENDING)
def test_instants_are_those_of_the_rfc_and_end_with_them(rule: str, days: list[str]) -> None:
    instants = _instants([f"{day}T09:00" for day in days])
    assert list(in_time(rule, instants[0], _NEW_YORK)) == instants


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(("rule", "days"), GOING_ON)
def test_instants_are_those_of_the_rfc_and_go_on(rule: str, days: list[str]) -> None:
    instants = _instants([f"{day}T09:00" for day in days])
    assert list(islice(in_time(rule, instants[0], _NEW_YORK), len(days))) == instants


@pytest.mark.req("TASK-FR-102", "TASK-FR-104")
@pytest.mark.parametrize(("rule", "days"), ENDING)
def test_days_are_those_of_the_rfc_and_end_with_them(rule: str, days: list[str]) -> None:
    assert list(in_time(rule, days[0], _NEW_YORK)) == days


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(("rule", "days"), GOING_ON)
def test_days_are_those_of_the_rfc_and_go_on(rule: str, days: list[str]) -> None:
    assert list(islice(in_time(rule, days[0], _NEW_YORK), len(days))) == days


@pytest.mark.req("TASK-FR-102", "TASK-FR-104")
@pytest.mark.parametrize(("rule", "times"), TIMES_ENDING)
def test_times_of_day_are_those_of_the_rfc_and_end_with_them(rule: str, times: list[str]) -> None:
    instants = _instants(times)
    assert list(in_time(rule, instants[0], _NEW_YORK)) == instants


@pytest.mark.req("TASK-FR-102")
@pytest.mark.parametrize(("rule", "times"), TIMES_GOING_ON)
def test_times_of_day_are_those_of_the_rfc_and_go_on(rule: str, times: list[str]) -> None:
    instants = _instants(times)
    assert list(islice(in_time(rule, instants[0], _NEW_YORK), len(times))) == instants
