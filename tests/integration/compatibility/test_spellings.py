"""Requests understand the spellings of members that clients send, and lose nothing silently."""

import json
import re
from itertools import product
from typing import Any

import pytest

from src.schemas.spellings import READ_ONLY
from src.schemas.task import DetailedTask, TaskUpdate
from tests.conftest import JSON, Connection, User

DAY, RULE, ZONE = "2026-12-01", "FREQ=DAILY", "Europe/Paris"
SPELLINGS: list[tuple[str, object, str, object]] = [
    *[(name, True, "completed", True) for name in (
        "completed", "is_completed", "isCompleted", "IsCompleted", "complete", "is_complete", "isComplete", "done",
        "is_done", "isDone", "Completed", "COMPLETED",
    )],
    *[("status", value, "completed", True) for value in ("completed", "Completed", "complete", "done", "finished")],
    *[("status", value, "completed", False) for value in (
        "pending", "PENDING", "incomplete", "active", "open", "todo", "not_completed", "not-completed",
    )],
    ("done", False, "completed", False), ("isCompleted", "true", "completed", True),
    ("is_completed", 1, "completed", True),
    *[(name, DAY, "due_date", DAY) for name in (
        "due_date", "dueDate", "DueDate", "due-date", "duedate", "due", "due_at", "dueAt", "due_on", "dueOn",
        "deadline",
    )],
    *[("priority", value, "priority", meant) for value, meant in (
        ("critical", "urgent"), ("Critical", "urgent"), ("highest", "urgent"), ("normal", "medium"), ("med", "medium"),
        ("HIGH", "high"), (None, "none"),
    )],
    ("Priority", "high", "priority", "high"), ("Title", "Buy tea", "title", "Buy tea"),
    ("desc", "x", "description", "x"),
    ("Description", "x", "description", "x"), ("Tags", ["a"], "tags", ["a"]),
    *[(name, RULE, "recurrence", RULE) for name in ("rrule", "recurrenceRule", "recurrence_rule", "Recurrence")],
    ("recurrenceFrom", "completion", "recurrence_from", "completion"),
    *[(name, ZONE, "recurrence_tz", ZONE) for name in (
        "recurrenceTz", "recurrence_timezone", "recurrenceTimeZone", "recurrenceTimezone",
    )],
]  # fmt: skip
ROUTES = ["POST", "PUT", "PATCH", "bulk create", "bulk update"]


async def _send(user: User, route: str, members: dict[str, Any]) -> dict[str, Any]:
    """Send the members to a route, and return the task of the response."""
    if route == "POST":
        response = await user.post(json={"title": "Buy milk"} | members)
    elif route == "bulk create":
        task = {"op": "create", "task": ({} if "Title" in members else {"title": "Buy milk"}) | members}
        response = await user.post("/bulk", json={"operations": [task]})
    elif route == "bulk update":
        before = await user.create(completed=members.get("status") in {"pending", "PENDING"})
        response = await user.post(
            "/bulk", json={"operations": [{"op": "update", "id": before["id"], "changes": members}]}
        )
    else:
        response = await user.request(route, (await user.create())["id"], json=members)
    assert response.status_code in {200, 201}, response.text
    assert "Ignored-Names" not in response.headers
    body = response.json()
    task = body["results"][0]["task"] if "results" in body else body
    assert (await user.get(task["id"])).json() == task
    return dict(task)


@pytest.mark.req("TASK-FR-210", "TASK-FR-211", "TASK-FR-212")
@pytest.mark.parametrize(("spelling", "sent", "member", "expected"), SPELLINGS, ids=str)
async def test_a_spelling_sets_the_member_on_every_route(
    user: User, spelling: str, sent: object, member: str, expected: object
) -> None:
    for route in ROUTES:
        members = {spelling: sent}
        if route == "POST" and member == "title":
            response = await user.post(json=members)
            assert response.json()["title"] == expected
            continue
        assert (await _send(user, route, members))[member] == expected, route


@pytest.mark.req("TASK-FR-211", "TASK-FR-213")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"complete": True}, True),
        ({"isCompleted": False}, False),
        ({"is_completed": True}, True),
        ({"done": True, "id": 7, "title": "Buy milk"}, True),
        ({"status": "completed"}, True),
        ({"status": "pending"}, False),
    ],
)
async def test_the_completion_is_set_by_any_spelling_and_not_toggled(
    user: User, body: dict[str, Any], *, expected: bool
) -> None:
    for before in (True, False):
        task = await user.create(completed=before)
        assert (await user.patch(f"/{task['id']}/complete", json=body)).json()["completed"] is expected
        operation = {"op": "complete", "id": task["id"]} | {
            name: body[name] for name in body if name not in ("id", "title")
        }
        result = await user.post("/bulk", json={"operations": [operation]})
        assert result.json()["results"][0]["task"]["completed"] is expected


@pytest.mark.req("TASK-FR-213", "TASK-FR-049")
@pytest.mark.parametrize(
    "body", [{"color": "red"}, {"state": True}, {"id": 7}, {"revision": 1, "color": 1}, {"title": "x"}]
)
@pytest.mark.parametrize("route", [("PATCH", ""), ("PUT", ""), ("PATCH", "/complete")])
async def test_a_body_of_which_nothing_can_be_set_is_refused(user: User, route: tuple[str, str], body: Any) -> None:
    method, suffix = route
    if suffix == "" and "title" in body:
        return
    task = await user.create()
    response = await user.request(method, f"/{task['id']}{suffix}", json=body)
    assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:invalid-request")
    assert "completed" in response.json()["detail"]
    assert (await user.get(task["id"])).json() == task


DISAGREEING = [
    {"completed": True, "is_completed": False},
    {"done": True, "status": "pending"},
    {"due_date": DAY, "dueDate": None},
    {"due": DAY, "deadline": "2026-12-02"},
    {"priority": "high", "Priority": "low"},
    {"completed": "perhaps", "done": True},
]


@pytest.mark.req("TASK-FR-214", "TASK-FR-049")
@pytest.mark.parametrize("body", DISAGREEING, ids=str)
async def test_two_spellings_that_disagree_are_refused(user: User, body: dict[str, Any]) -> None:
    task = await user.create()
    for method, path in (("POST", ""), ("PUT", f"/{task['id']}"), ("PATCH", f"/{task['id']}")):
        response = await user.request(method, path, json={"title": "Buy tea"} | body)
        [error] = response.json()["errors"]
        assert (response.status_code, error["type"]) == (422, "spellings_disagree")
        assert all(name in response.json()["detail"] for name in body)
    assert [task["id"]] == [each["id"] for each in await user.tasks()]
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-214")
@pytest.mark.parametrize(
    "body",
    [
        {"completed": True, "is_completed": True, "status": "done"},
        {"completed": "yes", "isCompleted": 1},
        {"due_date": DAY, "dueDate": DAY},
    ],
)
async def test_spellings_that_agree_are_one(user: User, body: dict[str, Any]) -> None:
    assert (await user.post(json={"title": "Buy milk"} | body)).status_code == 201


@pytest.mark.req("TASK-FR-215")
@pytest.mark.parametrize(("before", "spelling"), [*product([True, False], ["completed", "is_completed", "status"])])
async def test_a_whole_task_with_one_spelling_changed_means_the_change(
    user: User, *, before: bool, spelling: str
) -> None:
    task = await user.create(completed=before)
    read = task | {"is_completed": before, "status": "completed" if before else "pending"}
    changed = ("pending" if before else "completed") if spelling == "status" else not before
    response = await user.put(task["id"], json=read | {spelling: changed})
    assert (response.status_code, response.json()["completed"]) == (200, not before)
    assert "Ignored-Names" not in response.headers


@pytest.mark.req("TASK-FR-211")
@pytest.mark.parametrize("status", ["in_progress", "", None, 5, True, ["completed"]])
async def test_another_status_is_refused(user: User, status: object) -> None:
    response = await user.post(json={"title": "Buy milk", "status": status})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "status")


@pytest.mark.req("TASK-FR-216")
async def test_unknown_members_are_listed_and_those_of_responses_are_not(user: User) -> None:
    created = await user.post(
        json={"title": "Buy milk", "color": "secret", "größe": 1, "user_id": "x", "updatedAt": "x"}
    )
    assert (created.status_code, created.headers["Ignored-Names"]) == (201, "color, gr%C3%B6%C3%9Fe")
    task = created.json() | {"color": "blue", "updatedAt": "x"}
    for method in ("PUT", "PATCH"):
        assert (await user.request(method, task["id"], json=task)).headers["Ignored-Names"] == "color"
    assert (await user.patch(f"/{task['id']}/complete", json=task)).headers["Ignored-Names"].startswith("title, ")
    assert "Ignored-Names" not in (await user.put(task["id"], json=created.json())).headers


@pytest.mark.req("TASK-FR-216")
@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.api+json"])
async def test_other_json_media_types_are_understood_alike(user: User, content_type: str) -> None:
    content = b'{"title": "Buy milk", "isCompleted": true, "color": 1}'
    response = await user.post(content=content, headers={"Content-Type": content_type})
    assert (response.json()["completed"], response.headers["Ignored-Names"]) == (True, "color")


HOSTILE_NAMES = ["a\r\nSet-Cookie: x=1", "\x00", "\ud800", "😀" * 100, '","', "a b", "x" * 10_000, "%", "<script>", "'"]


@pytest.mark.req("TASK-FR-216", "TASK-FR-049")
@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
async def test_the_list_of_ignored_names_is_safe_and_short(user: User, name: str) -> None:
    for count in (1, 30):
        body = {"title": "Buy milk"} | {name + "x" * number: "y" for number in range(count)}
        response = await user.post(content=json.dumps(body), headers=JSON)
        listed = response.headers["Ignored-Names"]
        assert (response.status_code, len(listed) <= 500, listed.isascii()) == (201, True, True)
        names = listed.split(", ")
        assert len(names) == (count if count == 1 else 11)
        assert (names[-1] == "...") is (count == 30)
        assert all(re.fullmatch("([A-Za-z0-9_.~-]|%[0-9A-F]{2}){1,40}", each) for each in names[:10])
    assert len(response.headers.get_list("Ignored-Names")) == 1


@pytest.mark.req("TASK-FR-216", "TASK-FR-042")
async def test_many_unknown_members_are_no_burden(user: User) -> None:
    members = ",".join(f'"{number:x}":1' for number in range(95_000))
    response = await user.post(content=f'{{"title":"Buy milk",{members}}}', headers=JSON)
    assert response.status_code == 201
    assert len(response.headers["Ignored-Names"]) < 500


@pytest.mark.req("TASK-FR-216")
def test_the_members_that_only_the_api_sets_are_those_of_responses() -> None:
    assert DetailedTask.model_fields.keys() - (TaskUpdate.model_fields.keys() - {"uid"}) == set(READ_ONLY)


@pytest.mark.req("TASK-FR-217", "TASK-FR-048")
async def test_the_log_of_a_developer_has_the_names_and_not_the_values(
    start_app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="src")
    for environment in ("development", "production"):
        user = User(await start_app(environment=environment))
        await user.post(
            json={"title": "Buy milk", "color": "an intimate thought"}, params={"view": "an intimate thought"}
        )
    [logged] = [record.getMessage() for record in caplog.records if "ignored" in record.getMessage()]
    assert logged == "ignored unknown names in a request: view, color"


@pytest.mark.req("TASK-FR-213", "TASK-FR-036")
async def test_nothing_is_stored_of_a_user_whose_request_is_refused(user: User, sql: Connection) -> None:
    await user.post(json={"title": "Buy milk", "done": True, "completed": False})
    assert await sql.fetchval("SELECT count(*) FROM users WHERE id = $1", user.id) == 0


@pytest.mark.req("TASK-FR-210")
@pytest.mark.parametrize("spelling", ["timeZone", "timezone", "TimeZone"])
async def test_settings_have_spellings_too(user: User, spelling: str) -> None:
    for zone in (ZONE, None):
        stored = await user.http.put(f"/api/{user.id}/settings", json={spelling: zone})
        assert (stored.status_code, stored.json()) == (200, {"time_zone": zone})
