"""Priority, tags and due date."""

from typing import Any

import pytest

from tests.conftest import JSON, User, listed

TAGS = ["a,b", 'say "hi"', "{}", "{a,b}", "back\\slash", "\\", "null", "NULL", "'", "ä ö", "😀", "買い物", "$1", "%"]
DAYS = ["2026-12-01", "2024-02-29", "0001-01-02", "9999-12-30"]
INSTANTS = [
    "2026-12-01T09:00:00Z",
    "2026-12-01T09:00:00+05:00",
    "2026-12-01t09:00:00z",
    "2026-12-01 09:00:00.123456-11:30",
    "2026-12-01T09:00+00:00",
    "2026-12-01T23:59:59.9Z",
    "9999-12-30T23:59:59.999999Z",
    "0001-01-02T00:00:00Z",
]


@pytest.mark.req("TASK-FR-002", "TASK-FR-069")
async def test_a_task_has_a_medium_priority_no_tags_and_no_due_date_by_default(user: User) -> None:
    task = await user.create()
    assert (task["priority"], task["tags"], task["due_date"]) == ("medium", [], None)


@pytest.mark.req("TASK-FR-069")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        *((name, name) for name in ("none", "low", "medium", "high", "urgent")),
        ("HIGH", "high"),
        ("Urgent", "urgent"),
        (None, "none"),
    ],
)
async def test_a_priority_is_one_of_five_in_any_case_and_null_is_none(
    user: User, sent: str | None, stored: str
) -> None:
    task = await user.create(priority=sent)
    assert task["priority"] == stored
    other = await user.create(priority="low")
    assert (await user.patch(other["id"], json={"priority": sent})).json()["priority"] == stored


@pytest.mark.req("TASK-FR-071")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ([], []),
        (["b", "a", "c"], ["b", "a", "c"]),
        (["Home", "home", "HOME", "work"], ["Home", "work"]),
        (["STRASSE", "Strasse"], ["STRASSE"]),
        (["  home ", "home"], ["home"]),
        (TAGS[:-8], TAGS[:-8]),
        (["null", "none", "true", "1"], ["null", "none", "true", "1"]),
        (["x" * 50, "😀" * 50], ["x" * 50, "😀" * 50]),
        ([str(number) for number in range(20)], [str(number) for number in range(20)]),
    ],
)
async def test_tags_keep_their_order_and_differ_in_more_than_case(
    user: User, sent: list[str], stored: list[str]
) -> None:
    task = await user.create(tags=sent)
    assert task["tags"] == stored
    other = await user.create(tags=["old"])
    assert (await user.patch(other["id"], json={"tags": sent})).json()["tags"] == stored
    assert [each["tags"] for each in await user.tasks()] == [stored, stored]


@pytest.mark.req("TASK-FR-040", "TASK-FR-071", "TASK-FR-077")
@pytest.mark.parametrize("tag", TAGS)
async def test_any_text_can_be_a_tag_and_is_found_by_it(user: User, tag: str) -> None:
    task = await user.create(tags=["first", tag])
    await user.create(tags=["first"])
    assert task["tags"] == ["first", tag]
    assert await user.tasks(tag=tag) == listed(task)
    assert await user.tasks(tag=[tag, "first"], tags_match="all") == listed(task)


@pytest.mark.req("TASK-FR-073")
@pytest.mark.parametrize("due", [*DAYS, *INSTANTS])
async def test_a_due_date_is_returned_as_it_was_sent(user: User, due: str) -> None:
    task = await user.create(due_date=due)
    assert task["due_date"] == due
    other = await user.create(due_date="2000-01-01")
    assert (await user.patch(other["id"], json={"due_date": due})).json()["due_date"] == due
    assert {each["due_date"] for each in await user.tasks()} == {due}


@pytest.mark.req("TASK-FR-073")
@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_due_date_can_be_cleared(user: User, nothing: str | None) -> None:
    assert (await user.create(due_date=nothing))["due_date"] is None
    task = await user.create(due_date="2026-12-01")
    cleared = (await user.patch(task["id"], json={"due_date": nothing})).json()
    assert (cleared["due_date"], cleared["id"]) == (None, task["id"])
    assert len(await user.tasks(no_due_date=True)) == 2
    assert await user.tasks(due_after="1990-01-01") == []


@pytest.mark.req("TASK-FR-073")
async def test_a_day_can_become_a_instant_and_an_instant_a_day(user: User) -> None:
    task = await user.create(due_date="2026-12-01")
    await user.patch(task["id"], json={"due_date": "2020-01-01T09:00:00Z"})
    assert await user.tasks(due_after="2026-01-01") == []
    await user.patch(task["id"], json={"due_date": "2027-01-01"})
    assert len(await user.tasks(due_after="2026-01-01")) == 1
    assert await user.tasks(due_before="2026-01-01") == []


@pytest.mark.req("TASK-FR-005", "TASK-FR-006")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("changes", [{"priority": "low"}, {"tags": ["b"]}, {"due_date": "2027-01-01"}, {"title": "x"}])
async def test_a_change_of_a_field_leaves_the_others(user: User, method: str, changes: dict[str, Any]) -> None:
    before = await user.create(priority="urgent", tags=["a"], due_date="2026-12-01T09:00:00+05:00")
    after = (await user.request(method, before["id"], json=changes)).json()
    assert after == before | changes | {name: after[name] for name in ("updated_at", "revision")}


JUNK: list[object] = [True, False, 0, 1, -1, 1.5, 10**30, [], ["x"], [[]], [None], {}, {"x": 1}, "x" * 10_000, "\0"]
INVALID: list[tuple[str, object]] = [
    *(("priority", each) for each in [*JUNK, "", "medium ", "top", "5", "null"]),
    *(
        ("tags", each)
        for each in [*JUNK, None, "home", [1], [""], [" "], ["x" * 51], ["a\0"], ["a", ["b"]], {"a": "b"}]
    ),
    ("tags", [str(number) for number in range(21)]),
    *(("due_date", each) for each in JUNK),
    *(
        ("due_date", each)
        for each in (
            "2026-02-30",
            "2026-13-01",
            "2025-02-29",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "0001-01-01T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "10000-01-01",
            "-001-01-01",
            "2026-1-1",
            "20261201",
            "2026-W01-1",
            "2026-12-01\n",
            " 2026-12-01",
            "２０２６-12-01",
            "2026-12-01T09:00:00",
            "2026-12-01T09:00",
            "2026-12-01T25:00:00Z",
            "2026-12-01T09:61:00Z",
            "2026-12-01T09:00:00+24:00",
            "2026-12-01T09:00:00+05:99",
            "0001-01-01T00:00:00+05:00",
            "9999-12-31T23:59:59-05:00",
            "2026-12-01T09:00:00.1234567Z",
            "tomorrow",
            "null",
            "infinity",
            "now",
            "1764547200",
        )
    ),
]
VALID = {"tags": [[], ["x"]]}


@pytest.mark.req("TASK-FR-049", "TASK-FR-070", "TASK-FR-072", "TASK-FR-074")
@pytest.mark.parametrize(("member", "value"), [each for each in INVALID if each[1] not in VALID.get(each[0], ())])
async def test_other_values_are_refused(user: User, member: str, value: object) -> None:
    task = await user.create()
    for response in (
        await user.post(json={"title": "x", member: value}),
        await user.put(task["id"], json={member: value}),
    ):
        assert response.status_code == 422
        assert {error["field"].partition(".")[0] for error in response.json()["errors"]} == {member}
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-049", "TASK-FR-070", "TASK-FR-072", "TASK-FR-074")
@pytest.mark.parametrize("value", ['"\\ud800"', '["\\udfff"]', "NaN", "Infinity", "1e400", "9" * 4000])
@pytest.mark.parametrize("member", ["priority", "tags", "due_date"])
async def test_characters_that_cannot_be_stored_are_refused(user: User, member: str, value: str) -> None:
    response = await user.post(content=f'{{"title": "x", "{member}": {value}}}', headers=JSON)
    assert response.status_code == 422
    assert await user.tasks() == []
