"""No parameter and no member is lost silently, and errors name what the request has."""

from itertools import combinations
from typing import Any

import pytest

from src.schemas.spellings import MEMBERS, PARAMETERS
from src.schemas.task import TaskCreate
from tests.conftest import User
from tests.unit.schemas.test_spellings import camel_case, cases

FILTERS = ("status", "priority", "category", "tag", "tags", "completed", "overdue")
VALUES = {"status": "pending", "priority": "low", "completed": "false", "overdue": "false"}
OTHERS = {
    "cursor": None,
    "due_after": ("2026-12-01", "2026-12-02"),
    "due_before": ("2026-12-01", "2026-12-02"),
    "limit": ("1", "2"),
    "offset": ("0", "3"),
    "order": ("asc", "desc"),
    "search": ("milk", "bread"),
    "sort": ("title", "-title"),
    "status": ("pending", "completed"),
    "tz": ("Europe/Paris", "Asia/Tokyo"),
    **dict.fromkeys(("completed", "overdue", "trashed"), ("true", "false")),
}
SAME = {
    "completed": ("true", "1"),
    "limit": ("1", "01"),
    "order": ("asc", "ASC"),
    "search": ("milk", " milk "),
    "sort": ("due_date", "dueDate"),
    "status": ("done", "completed"),
}
PAIRS = [
    (name, *pair)
    for name, others in PARAMETERS.items()
    if OTHERS.get(name)
    for pair in [*combinations((name, *others), 2), (name, name)]
]
COMPLETIONS = ["completed", *MEMBERS["completed"], "isCompleted", "completd", "status", "newStatus", "is_complted"]


@pytest.mark.req("TASK-FR-220")
@pytest.mark.parametrize(("name", "first", "second"), PAIRS)
async def test_any_two_spellings_that_disagree_are_refused(user: User, name: str, first: str, second: str) -> None:
    one, other = OTHERS[name] or ("", "")
    response = await user.get(params=[(first, one), (second, other)])
    assert (response.status_code, first in response.json()["detail"]) == (422, True)
    assert second in response.json()["detail"]
    for same in {(one, one), SAME.get(name, (one, one))}:
        assert (await user.get(params=[(first, same[0]), (second, same[1])])).status_code == 200


@pytest.mark.req("TASK-FR-220")
async def test_a_page_and_an_offset_disagree(user: User) -> None:
    assert (await user.get("?page=2&limit=2&skip=0")).status_code == 422
    assert (await user.get("?page=2&limit=2&skip=2")).status_code == 200


@pytest.mark.req("TASK-FR-218")
@pytest.mark.parametrize("form", ["{}_filter", "filter_{}", "filter[{}]", "filter_by_{}", "filters[{}]", "task_{}"])
@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_may_be_called_one(user: User, name: str, form: str) -> None:
    await user.create(priority="low", tags=["home"], category="home")
    await user.create(completed=True, due_date="2000-01-01", category="work")
    query = {name: VALUES.get(name, "home")}
    expected = await user.tasks(**query)
    for spelling in {form.format(name), camel_case(form.format(name))}:
        response = await user.get(params={spelling: query[name]})
        assert (response.status_code, response.json()["tasks"]) == (200, expected)
        assert "Ignored-Names" not in response.headers
    if name != "overdue":
        assert len(expected) == 1


@pytest.mark.req("TASK-FR-219")
@pytest.mark.parametrize(
    "name",
    [
        *("task_states_status", "showCompleted", "hide-completed", "completed_only", "categoryId", "tag_names"),
        *("pageIndex", "page_token", "sortColumn", "search_in", "due_from", "dueTo", "due_gte"),
        *("title", "description", "min_priority", "priority__in", "include_deleted", "with_total", "MAX_LIMIT"),
        *(spelling for other in MEMBERS["due_date"] for spelling in sorted(cases(other))),
    ],
)
async def test_a_parameter_with_a_known_word_is_refused(user: User, name: str) -> None:
    response = await user.get(params={name: "1"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, name)
    assert "; use '" in response.json()["detail"]


@pytest.mark.req("TASK-FR-223")
@pytest.mark.parametrize("name", COMPLETIONS)
async def test_a_completion_in_the_query_toggles_nothing(user: User, name: str) -> None:
    task = await user.create(completed=True)
    bodies: list[dict[str, Any]] = [{}, {"json": {}}, {"json": {"completed": True}}]
    for body in bodies:
        response = await user.patch(f"/{task['id']}/complete", params={name: "true"}, **body)
        assert response.status_code == 422
        assert "send 'completed' in the body" in response.json()["detail"]
    assert (await user.get(task["id"])).json() == task


@pytest.mark.req("TASK-FR-223")
@pytest.mark.parametrize("name", [name for name in TaskCreate.model_fields if name != "tz"])
async def test_a_member_in_the_query_is_refused_by_every_write(user: User, stranger: User, name: str) -> None:
    task = await user.create()
    body: dict[str, Any] = {"json": {"title": "Buy tea"}}
    for spelling in {each for own in (name, *MEMBERS.get(name, ())) for each in cases(own)}:
        response = await user.post(params={spelling: "x"}, **body)
        assert (response.status_code, f"send '{name}' in the body" in response.json()["detail"]) == (422, True)
        assert (await stranger.http.post(user.path, params={spelling: "x"}, **body)).status_code == 403
    for spelling in ("dryRun", "dry_run", "atomic"):
        bulk = {"operations": [{"op": "delete", "id": task["id"]}]}
        assert (await user.post("/bulk", params={spelling: "true"}, json=bulk)).status_code == 422
    assert await user.tasks() == [{key: task[key] for key in task if key != "next_task"}]


@pytest.mark.req("TASK-FR-213")
@pytest.mark.parametrize("body", [{"tz": "Europe/Paris"}, {"time_zone": "Europe/Paris", "foo": 1}, {"größe": 1}])
async def test_a_time_zone_alone_changes_nothing_and_is_refused(user: User, body: dict[str, Any]) -> None:
    task = await user.create()
    bulk = {"operations": [{"op": "update", "id": task["id"], "changes": body}]}
    for method, path, sent in (("PUT", task["id"], body), ("PATCH", task["id"], body), ("POST", "/bulk", bulk)):
        response = await user.request(method, path, json=sent)
        names = ", ".join(body).replace("größe", "gr%C3%B6%C3%9Fe")
        assert response.status_code == 422
        assert f"none of the members can be set ({names}); send 'title', 'desc" in response.json()["detail"]
        assert "'tz'" not in response.json()["detail"]
    assert (await user.patch(task["id"], json={})).status_code == 200


AGREEING: list[dict[str, Any]] = [
    {"priority": "High", "Priority": "HIGH"},
    {"priority": "urgent", "Priority": "critical"},
    {"priority": None, "Priority": "none"},
    {"dueDate": "", "due_date": None},
    {"title": "Buy milk", "Title": " Buy milk "},
    {"category": "", "Category": None},
    {"tags": ["a", "A"], "Tags": ["a"]},
    {"recurrence": "freq=daily", "rrule": "RRULE:FREQ=DAILY", "due": "2026-12-01"},
    {"createdAt": "2026-11-20T10:00:00Z", "created_at": "2026-11-20T11:00:00+01:00"},
    {"completed": "yes", "done": 1, "status": "finished"},
]


@pytest.mark.req("TASK-FR-214")
@pytest.mark.parametrize("body", AGREEING, ids=str)
async def test_values_that_mean_the_same_do_not_disagree(user: User, body: dict[str, Any]) -> None:
    assert (await user.post(json={"title": "Buy milk"} | body)).status_code == 201


@pytest.mark.req("TASK-FR-210")
@pytest.mark.parametrize("spelling", ["tz", "TZ", "time_zone", "timeZone"])
async def test_settings_understand_the_short_name(user: User, spelling: str) -> None:
    response = await user.http.put(f"/api/{user.id}/settings", json={spelling: "Asia/Tokyo"})
    assert (response.status_code, response.json()) == (200, {"time_zone": "Asia/Tokyo"})


@pytest.mark.req("TASK-FR-045", "TASK-FR-091", "TASK-FR-224")
@pytest.mark.parametrize(
    "name", [each for name, others in PARAMETERS.items() for each in (name, *others, *map(camel_case, others))]
)
async def test_errors_name_the_parameter_that_was_sent(user: User, name: str) -> None:
    response = await user.get(params={name: "sentvalue,\0" + "x" * 2500})
    assert (response.status_code, {error["field"] for error in response.json()["errors"]}) == (422, {name})
    assert "sentvalue" not in response.text


@pytest.mark.req("TASK-FR-224")
@pytest.mark.parametrize(("name", "spelling"), [(name, each) for name, others in MEMBERS.items() for each in others])
async def test_errors_name_the_member_that_was_sent(user: User, name: str, spelling: str) -> None:
    for sent in {spelling, camel_case(spelling)}:
        wrong = {sent: {"a": "sentvalue"}}
        for path, body, field in (
            (user.path, {"title": "Buy milk"} | wrong, sent),
            (
                f"{user.path}/bulk",
                _bulk({"op": "create", "task": {"title": "Buy milk"} | wrong}),
                f"create.task.{sent}",
            ),
            (f"{user.path}/bulk", _bulk({"op": "delete"} | wrong), f"delete.{sent}"),
            ("/api/settings", wrong, sent),
        ):
            if name in (("id",) if "delete" in field else ("time_zone",) if "set" in path else TaskCreate.model_fields):
                response = await user.http.request("PUT" if "set" in path else "POST", path, json=body)
                [error] = response.json()["errors"]
                assert error["field"].removeprefix("operations.0.") == field
                assert "sentvalue" not in response.text


def _bulk(operation: dict[str, Any]) -> dict[str, Any]:
    return {"operations": [operation]}


@pytest.mark.req("TASK-FR-045", "TASK-FR-224")
@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("GET", "?page=0", None, "page: must be a number from 1 on."),
        ("GET", "?pageNum=x", None, "pageNum: must be a number from 1 on."),
        ("GET", "?page=1&perPage=0", None, "perPage: Input should be greater than or equal to 1."),
        ("GET", "?category=", None, "category: String should have at least 1 character."),
        ("GET", "?timeZone=nowhere&overdue=true", None, "timeZone: must be a time zone of the IANA database"),
        ("POST", "", [], "must be a JSON object."),
        ("PATCH", "/1", ["a"], "must be a JSON object."),
        ("POST", "/bulk", [], "must be a JSON object."),
        ("POST", "/bulk", {"operations": [[]]}, "operations.0: must be a JSON object."),
        ("POST", "/bulk", {"operations": [{"op": "Sent"}]}, "operations.0: 'op' must be one of 'create', 'update'"),
        ("POST", "/bulk", {"operations": [{"id": 1}]}, "operations.0: 'op' is required."),
        ("GET", "?filter=work", None, "filter: must be 'all', 'pending', 'incomplete', 'active', 'open', 'todo', "),
    ],
)
async def test_errors_say_what_is_right(user: User, method: str, path: str, body: Any, detail: str) -> None:
    response = await user.request(method, path, **({} if body is None else {"json": body}))
    assert (response.status_code, response.json()["detail"].partition("; ")[0][: len(detail)]) == (422, detail)
    assert "Sent" not in response.text
