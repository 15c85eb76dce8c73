"""A cursor that was tampered with is refused before PostgreSQL sees it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from src.errors.invalid import InvalidCursor
from src.schemas.cursor import MAX_CURSOR, Position, decode_cursor, encode_cursor

ZONE = "Pacific/Auckland"
INSTANT = datetime(2026, 12, 1, 9, 0, 0, 123456, UTC)
POSITIONS: list[tuple[str, Any]] = [
    ("created_at", INSTANT),
    ("updated_at", 7),
    ("due_date", INSTANT),
    ("due_date", datetime.min.replace(tzinfo=UTC)),
    ("due_date", datetime.max.replace(tzinfo=UTC)),
    ("priority", 0),
    ("title", ""),
    ("title", 'quotes " \\ and 😀 ä \x01'),
    ("relevance", 4),
    ("relevance", 0),
]
JUNK = [
    *("null", "true", "false", "0", "-1", "1", "1.0", "1.5", "1e400", "-1e400", "NaN", "Infinity", "-Infinity"),
    *(str(2**63), str(-(2**63) - 1), "9" * 400, "9" * 5000),
    *('""', '"x"', '"\\u0000"', '"\\ud800"', '"null"', "[]", "{}", "[[]]", '{"a": 1}', "[" * 3000),
    *('"2026-12-01"', '"2026-12-01T09:00:00"', '"2026-12-01T09:00:00Z"', '"2026-12-01T09:00:00+05:00"'),
    *('"2026-W01-1"', '"20261201T090000+0000"', '"infinity"', '"9999-12-31T23:59:59-05:00"', '"created_at"'),
]


def position(sort: str, value: Any, task_id: int = 5) -> Position:
    """Return a position that has a time zone if the order needs one."""
    return Position(value, task_id, ZONE if sort == "due_date" else None)


def forged(*members: str) -> str:
    """Encode a cursor of these members, each in JSON."""
    return urlsafe_b64encode(f"[{','.join(members)}]".encode()).decode().rstrip("=")


def is_refused(order: tuple[str, bool], cursor: str) -> bool:
    try:
        decode_cursor(order, cursor)
    except InvalidCursor:
        return True
    return False


@pytest.mark.req("TASK-FR-086")
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("sort", "value"), POSITIONS)
@pytest.mark.parametrize("task_id", [1, 2**63 - 1])
def test_a_cursor_decodes_to_the_encoded_position(sort: str, value: Any, task_id: int, descending: bool) -> None:  # noqa: FBT001 - from a table
    cursor = encode_cursor((sort, descending), position(sort, value, task_id))
    assert decode_cursor((sort, descending), cursor) == position(sort, value, task_id)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("title", ["\x01" * 200, "😀" * 200, "ß" * 200])
def test_the_longest_cursor_is_within_the_limit(title: str) -> None:
    assert len(encode_cursor(("relevance", False), Position(title, 2**63 - 1))) < MAX_CURSOR


@pytest.mark.req("TASK-FR-087")
def test_a_cursor_of_another_order_is_refused() -> None:
    orders = {(sort, descending): value for sort, value in POSITIONS for descending in (True, False)}
    for made_for, value in orders.items():
        cursor = encode_cursor(made_for, position(made_for[0], value))
        assert [order for order in orders if not is_refused(order, cursor)] == [made_for]


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("sort", "value"), POSITIONS)
def test_a_cursor_with_another_member_is_refused_or_one_that_could_have_been_made(
    sort: str, value: Any, junk: str
) -> None:
    text = urlsafe_b64decode(encode_cursor((sort, True), position(sort, value)) + "===").decode()
    members = [json.dumps(member) for member in json.loads(text)]
    for index in range(len(members)):
        cursor = forged(*members[:index], junk, *members[index + 1 :])
        if not is_refused((sort, True), cursor):
            assert encode_cursor((sort, True), decode_cursor((sort, True), cursor)) == cursor
            assert index >= 2 or members[index] == junk


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize(
    ("sort", "value"),
    [
        *(("relevance", each) for each in ("NaN", "Infinity", "-Infinity", "1.0", "null", '"1"', "true")),
        *(
            ("due_date", each)
            for each in ('"2026-12-01T09:00:00"', '"2026-12-01T09:00:00+05:00"', '"2026-12-01"', "null")
        ),
        *(("title", each) for each in ('"\\u0000"', '"\\ud800"', "5", "null", "[]")),
        *(("priority", each) for each in (str(2**63), "9" * 400, "1.5", "true", "NaN", "null", '"1"')),
        *(("updated_at", each) for each in (str(2**63), "-1e3", "false", "null")),
        *(("created_at", each) for each in ("0", '""', "false")),
    ],
)
def test_a_value_that_postgresql_cannot_compare_is_refused(sort: str, value: str) -> None:
    zone = [f'"{ZONE}"'] if sort == "due_date" else []
    assert is_refused((sort, True), forged(f'"{sort}"', "true", value, "5", *zone))


@pytest.mark.req("TASK-FR-030", "TASK-FR-246")
@pytest.mark.parametrize(
    "zone", [[], ["null"], ['""'], ['"Mars/Olympus"'], ['"../UTC"'], ["5"], ["[]"], [f'"{ZONE}"'] * 2]
)
def test_a_cursor_of_due_dates_has_one_time_zone(zone: list[str]) -> None:
    members = ('"due_date"', "true", f'"{INSTANT:%Y-%m-%dT%H:%M:%S.%fZ}"', "5")
    assert not is_refused(("due_date", True), forged(*members, f'"{ZONE}"').replace("=", "")) or zone
    assert is_refused(("due_date", True), forged(*members, *zone))


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize("task_id", ["0", "-1", str(2**63), "9" * 400, "9" * 5000, "1.0", "true", "null", '"5"', "NaN"])
def test_an_id_that_no_task_can_have_is_refused(task_id: str) -> None:
    assert is_refused(("created_at", True), forged('"created_at"', "true", "null", task_id))


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize(
    "members", [[], ["5"], ['"created_at"', "true", "null"], ['"created_at"', "true", "null", "5", "6"]]
)
def test_members_that_are_missing_or_too_many_are_refused(members: list[str]) -> None:
    assert is_refused(("created_at", True), forged(*members))


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize(
    "text", ["", "=", "====", "ä", "\ud800", "\0", "A", "AAAAA", " ", "bnVsbA", "NQ", "e30", "IiI", "/+"]
)
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    assert is_refused(("created_at", True), text)


@pytest.mark.req("TASK-FR-030")
def test_each_cursor_has_one_encoding() -> None:
    cursor = encode_cursor(("title", False), Position("ä", 5))
    variants = [cursor + "=", cursor + "\n", " " + cursor, cursor + "!", f"{cursor[:4]}\n{cursor[4:]}", cursor + "A"]
    spaced = urlsafe_b64encode('["title", false, "ä", 5]'.encode()).decode().rstrip("=")
    assert all(is_refused(("title", False), each) for each in [*variants, spaced])
