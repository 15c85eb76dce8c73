"""Hostile query parameters get a list or a 4xx, never a 5xx."""

from typing import Any

import pytest

from src.api.list_query import PARAMETERS
from src.schemas.query import TaskQuery
from tests.conftest import User

JUNK = [
    *("", " ", "null", "undefined", "NaN", "Infinity", "-1", "0", "1e400", "9" * 400, str(2**63), "1.5", "true", "[]"),
    *("[object Object]", "{}", "'", '"', "\\", "';--", "$1", "%", "%00", "\0", "a\0b", "\ufffd", "😀", "\u202e"),
    *("x" * 5000, ",", "a,,b", "&", "|", "!", "(", "a:*", "<->", "-", '-"', "''", "\n", "../../etc/passwd"),
    *("*" * 200, "'\\" * 100, "-" * 200, '"' * 200, "é" * 200, "\u0301" * 200, "ﷺ" * 200, "- " * 100, "a\x01b"),
    *("2026-12-01", "created_at", "all", "desc", "½", "!!", "𝕿", "\U0010ffff", "\ufffe", "'a' & 'b'", "-'x'"),
]
KNOWN = {
    "status": ["sometimes", "in_progress", "PENDING ", "0"],
    "completed": ["2", "perhaps"],
    "priority": ["top", "low,", "1", "low;high"],
    "tags_match": ["both", "none"],
    "due_before": ["2026-02-30", "2026-12-01T09:00:00", "tomorrow", "1764547200"],
    "due_after": ["2026-02-30", "2026-12-01T09:00:00", "now", "infinity"],
    "overdue": ["2", "maybe"],
    "no_due_date": ["2", "maybe"],
    "tz": ["Mars/Olympus", "utc ", "+01:00", "GMT+25", "../UTC", "/etc/passwd", "Europe", "", "Europe/paris\0"],
    "sort": ["id", "user_id", "-relevance", "--title", "title desc", "title,priority", "", "1; DROP TABLE tasks"],
    "sort_by": ["completed_at", "-", "password"],
    "order": ["up", "ascending", "", "-1"],
    "sort_order": ["down", "1"],
    "trashed": ["2", "maybe", "", "null"],
    "total": ["2", "maybe", ""],
    "limit": ["0", "1001", "ten"],
    "offset": ["-1", str(2**31 + 1), "1.5", "ten", "", "9" * 400],
    "skip": ["-1", str(2**31 + 1), "1e3"],
    "cursor": ["x" * 2001],
    "category": ["", " ", "x" * 51, "a\0"],
    "tag": ["", " ", "x" * 51],
    "tags": ["", "a,,b", ",", "x" * 51],
    "search": ["x" * 201, "a\0b"],
    "q": ["x" * 201, "\0"],
}


@pytest.mark.req("TASK-FR-091")
def test_every_parameter_has_values_that_are_refused() -> None:
    assert {each["name"] for each in PARAMETERS["parameters"]} == KNOWN.keys()


@pytest.mark.req("TASK-FR-045", "TASK-FR-091", "TASK-FR-084")
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in KNOWN.items() for value in values])
async def test_an_unknown_value_is_refused_and_named(user: User, name: str, value: str) -> None:
    response = await user.get(params={name: value})
    assert response.status_code == 422
    assert {error["field"].partition(".")[0] for error in response.json()["errors"]} == {name}


@pytest.mark.req("TASK-FR-178")
@pytest.mark.parametrize(
    ("name", "longest", "too_long"),
    [
        *((name, "x" * 200, "x" * 201) for name in ("search", "q")),
        ("priority", ["low"] * 100, ["low"] * 101),
        ("tag", ["a"] * 100, ["a"] * 101),
        ("tags", "a" + ",a" * 99, "a" + ",a" * 100),
        *((name, 2**31, 2**31 + 1) for name in ("offset", "skip")),
    ],
)
async def test_a_parameter_has_a_limit(user: User, name: str, longest: object, too_long: object) -> None:
    assert (await user.get(params={name: longest})).status_code == 200
    assert (await user.get(params={name: too_long})).status_code == 422


@pytest.mark.req("TASK-FR-091")
@pytest.mark.parametrize("name", TaskQuery.model_fields)
async def test_no_search_text_breaks_a_list(user: User, name: str) -> None:
    await user.create("Buy milk", tags=["a"], due_date="2026-12-01")
    for value in JUNK:
        for others in ({}, {"sort": "due_date", "search": "milk", "total": "true", "tz": "Asia/Tokyo"}):
            response = await user.get(params=others | {name: value})
            assert response.status_code in {200, 422}, f"{name}={value!r}"


@pytest.mark.req("TASK-FR-091")
@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF", "%C3%28", "%", "%0", "%zz", "+", "%2500", "=", "&&", "a=b;c=d"])
async def test_no_invalid_encoding_breaks_a_list(user: User, raw: str) -> None:
    for name in TaskQuery.model_fields:
        assert (await user.get(f"?{name}={raw}")).status_code in {200, 422}, name


@pytest.mark.req("TASK-FR-075", "TASK-FR-091")
@pytest.mark.parametrize("name", ["due_before", "due_after"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
@pytest.mark.parametrize("due", ["0001-01-02", "9999-12-30", "0001-01-02T00:00:00Z", "9999-12-30T23:59:59.999999Z"])
async def test_the_first_and_last_days_of_the_calendar_are_valid(user: User, name: str, zone: str, due: str) -> None:

    await user.create(due_date="0009-01-01")
    await user.create(due_date="9990-01-01T09:00:00Z")
    ends_before = (name == "due_before") == due.startswith("0001")
    assert len(await user.tasks(**{name: due, "tz": zone})) == (0 if ends_before else 2)


@pytest.mark.req("TASK-FR-079", "TASK-FR-091")
@pytest.mark.parametrize("query", [{}, {"search": ""}, {"q": "  "}])
async def test_relevance_needs_a_search(user: User, query: dict[str, Any]) -> None:
    response = await user.get(params=query | {"sort": "relevance"})
    assert response.status_code == 422
    assert "relevance" in response.json()["detail"]


@pytest.mark.req("TASK-FR-087", "TASK-FR-030")
async def test_a_cursor_of_another_order_is_refused(user: User) -> None:
    for _ in range(2):
        await user.create(due_date="2026-12-01")
    orders: list[dict[str, str]] = [
        {"sort": sort, "order": order, "search": "milk"}
        for sort in ("created_at", "updated_at", "due_date", "priority", "title", "relevance")
        for order in ("asc", "desc")
    ]
    for made_for in orders:
        cursor = (await user.get(params=made_for | {"limit": "1"})).json()["next_cursor"]
        for other in orders:
            response = await user.get(params=other | {"cursor": cursor})
            assert response.status_code == (200 if other == made_for else 422)
            assert other == made_for or response.json()["type"] == "urn:problem-type:invalid-cursor"
