"""Lists understand the spellings of parameters that clients send, and lose nothing silently."""

from typing import Any

import pytest

from src.api.query_names import _REPEATABLE
from src.schemas.query import TaskQuery
from tests.conftest import ORIGIN, StartApp, User

TASKS: list[dict[str, Any]] = [
    {"title": "Buy milk", "priority": "low", "due_date": "2026-12-03", "tags": ["home"]},
    {"title": "Call mum", "priority": "urgent", "due_date": "2026-12-01", "completed": True},
    {"title": "Ärger", "priority": "medium", "due_date": "2026-12-02", "tags": ["work", "home"]},
]
MILK, MUM, TROUBLE = (task["title"] for task in TASKS)

SPELLINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    *(({name: "completed"}, {"status": "completed"}) for name in (
        "status_filter", "statusFilter", "filter", "filter_status", "Status", "STATUS",
    )),
    *(({"status": value}, {"status": "pending"}) for value in ("todo", "open", "not_completed", "Pending")),
    *(({"filter": value}, {"status": "completed"}) for value in ("done", "complete", "finished")),
    *(({name: "true"}, {"completed": "true"}) for name in (
        "is_completed", "isCompleted", "done", "isDone", "complete",
    )),
    *(({name: "dueDate"}, {"sort": "due_date"}) for name in (
        "sort", "sortBy", "sort_by", "orderBy", "order_by", "sort_field", "sortKey", "SortBy",
    )),
    *(({"sort": value}, {"sort": "due_date"}) for value in ("dueDate", "DUE_DATE", "due", "deadline", "due-date")),
    *(({"sort": value, "order": "asc"}, {"sort": "created_at", "order": "asc"}) for value in (
        "createdAt", "created", "date_created", "-createdAt",
    )),
    *(({"sort": value, "order": "asc"}, {"sort": "updated_at", "order": "asc"}) for value in (
        "updatedAt", "-updated", "lastModified", "-UPDATED_AT",
    )),
    *(({"sort": value}, {"sort": "completed"}) for value in ("status", "isCompleted", "done", "Completed")),
    *(({"sort": "priority", name: "asc"}, {"sort": "priority", "order": "asc"}) for name in (
        "sortOrder", "sort_order", "direction", "sortDirection", "sort_dir", "Order",
    )),
    *(({name: "2"}, {"limit": "2"}) for name in ("pageSize", "page_size", "per_page", "perPage", "take", "Limit")),
    *(({name: "mil"}, {"search": "mil"}) for name in ("query", "keyword", "searchQuery", "search_term", "Search", "Q")),
    *(({name: "critical"}, {"priority": "urgent"}) for name in ("priority", "priority[]", "priorities", "Priority")),
    *(({name: ["home", "work"]}, {"tags": "home,work"}) for name in ("tags[]", "tag[]", "Tags", "tag")),
    ({"dueBefore": "2026-12-02"}, {"due_before": "2026-12-02"}),
    ({"dueAfter": "2026-12-02"}, {"due_after": "2026-12-02"}),
    ({"noDueDate": "true"}, {"no_due_date": "true"}),
    ({"tagsMatch": "all", "tags": "home,work"}, {"tags_match": "all", "tags": "home,work"}),
    *(({name: "Europe/Paris", "overdue": "true"}, {"tz": "Europe/Paris", "overdue": "true"}) for name in (
        "timezone", "timeZone", "time_zone", "TZ",
    )),
    ({"page": "2", "limit": "2"}, {"offset": "2", "limit": "2"}),
    ({"page": "1", "pageSize": "1"}, {"limit": "1"}),
    ({"pageNumber": "3", "per_page": "1"}, {"offset": "2", "limit": "1"}),
    ({"page": "2"}, {"offset": "1000"}),
]  # fmt: skip


@pytest.fixture(scope="module")
async def filled(start_app: StartApp) -> User:
    user = User(await start_app())
    for task in TASKS:
        await user.create(**task)
    return user


@pytest.mark.req("TASK-FR-218", "TASK-FR-212", "TASK-FR-221")
@pytest.mark.parametrize(("query", "meant"), SPELLINGS, ids=str)
async def test_a_spelling_of_a_parameter_has_its_effect(
    filled: User, query: dict[str, Any], meant: dict[str, Any]
) -> None:
    response, expected = await filled.get(params=query), await filled.get(params=meant)
    assert (response.status_code, response.json()["tasks"]) == (200, expected.json()["tasks"])
    assert "Ignored-Names" not in response.headers
    assert response.json()["tasks"] != (await filled.get()).json()["tasks"]


@pytest.mark.req("TASK-FR-218", "TASK-FR-028")
async def test_the_next_page_has_the_same_query(filled: User) -> None:
    titles, path = [], f"{filled.path}?sortBy=title&pageSize=1&status_filter=all"
    while path:
        response = await filled.http.get(path)
        titles += [task["title"] for task in response.json()["tasks"]]
        path = response.links.get("next", {}).get("url", "")
    assert sorted(titles) == sorted((MILK, MUM, TROUBLE))


MISSPELLED = [
    ("statuss", "status"),
    ("stauts", "status"),
    ("serach", "search"),
    ("limt", "limit"),
    ("limits", "limit"),
    ("sorts", "sort"),
    ("sotr", "sort"),
    ("pririty", "priority"),
    ("prioritty", "priority"),
    ("dueBefor", "due_before"),
    ("due_befor", "due_before"),
    ("overdu", "overdue"),
    ("ofset", "offset"),
    ("completd", "completed"),
    ("is_complted", "completed"),
    ("cursr", "cursor"),
    ("garbage", None),
    ("trashe", "trashed"),
    ("due", "due_before"),
    ("due_date", "due_before"),
    ("dueDate", "due_before"),
]


@pytest.mark.req("TASK-FR-219")
@pytest.mark.parametrize(("name", "ours"), MISSPELLED)
async def test_a_parameter_that_is_nearly_known_is_refused(filled: User, name: str, ours: str | None) -> None:
    response = await filled.get(params={name: "x"})
    if ours is None:
        assert (response.status_code, response.headers["Ignored-Names"]) == (200, name)
        return
    [error] = response.json()["errors"]
    assert (response.status_code, error["field"], error["type"]) == (422, name, "unknown_parameter")
    assert f"'{ours}'" in response.json()["detail"]


@pytest.mark.req("TASK-FR-219")
@pytest.mark.parametrize(
    ("method", "path", "query", "ours"),
    [
        ("GET", "/stats", "timezon=UTC", "tz"),
        ("GET", "/changes", "sinse=0", "since"),
        ("GET", "/changes", "limt=5", "limit"),
        ("DELETE", "/1", "permanant=true", "permanent"),
        ("GET", "/events", "sinc=0", "since"),
    ],
)
async def test_other_routes_refuse_misspelled_parameters_too(
    filled: User, stranger: User, method: str, path: str, query: str, ours: str
) -> None:
    response = await filled.request(method, f"{path}?{query}")
    assert (response.status_code, f"'{ours}'" in response.json()["detail"]) == (422, True)
    foreign = await filled.http.request(method, f"{stranger.path}{path}?{query}")
    assert foreign.status_code == 403


@pytest.mark.req("TASK-FR-218")
async def test_other_routes_understand_spellings_too(filled: User) -> None:
    assert (await filled.get("/stats?timeZone=Europe/Paris")).status_code == 200
    assert (await filled.get("/stats?timeZone=nowhere")).status_code == 422
    task = await filled.create()
    assert (await filled.delete(f"/{task['id']}?Permanent=true")).status_code == 204
    assert (await filled.post(f"/{task['id']}/restore")).status_code == 404


@pytest.mark.req("TASK-FR-220")
@pytest.mark.parametrize(
    "query",
    ["status=pending&filter=completed", "limit=1&page_size=2", "sort=title&sortBy=priority&orderBy=due", "q=a&Q=b"],
)
async def test_parameters_that_disagree_are_refused(filled: User, query: str) -> None:
    response = await filled.get(f"?{query}")
    assert response.status_code == 422
    assert {error["type"] for error in response.json()["errors"]} == {"spellings_disagree"}


@pytest.mark.req("TASK-FR-220")
@pytest.mark.parametrize("query", ["status=pending&filter=pending", "tags[]=home&tags[]=work", "tag=home&Tag=work"])
async def test_parameters_that_agree_or_repeat_are_one(filled: User, query: str) -> None:
    assert (await filled.get(f"?{query}")).status_code == 200


@pytest.mark.req("TASK-FR-216", "TASK-FR-024")
async def test_unknown_parameters_are_listed(filled: User) -> None:
    response = await filled.get(params={"color": "secret", "_": "1699999999", "t": "1", "v": "2", "größe": "1"})
    assert (response.status_code, len(response.json()["tasks"])) == (200, 3)
    assert response.headers["Ignored-Names"] == "color, _, t, v, gr%C3%B6%C3%9Fe"
    assert (await filled.get("/1?color=red")).headers["Ignored-Names"] == "color"
    both = await filled.post("?color=red", json={"title": "", "size": 1})
    assert both.status_code == 422


@pytest.mark.req("TASK-FR-216", "TASK-FR-059")
async def test_browsers_can_read_the_list(filled: User) -> None:
    response = await filled.get("?color=red", headers={"Origin": ORIGIN})
    assert "Ignored-Names" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.req("TASK-FR-219", "TASK-FR-091")
async def test_many_unknown_parameters_are_no_burden(filled: User) -> None:
    query = "&".join(f"unknown{number:x}=1" for number in range(4000))
    assert (await filled.get(f"?{query}")).status_code == 200


@pytest.mark.req("TASK-FR-220")
def test_parameters_that_may_be_repeated_are_the_lists_of_the_contract() -> None:
    schemas = TaskQuery.model_json_schema()["properties"]
    assert {name for name, schema in schemas.items() if schema.get("type") == "array"} == _REPEATABLE


@pytest.mark.req("TASK-FR-221", "TASK-FR-086")
@pytest.mark.parametrize(("sort", "descending"), [("completed", False), ("status", False), ("-status", True)])
async def test_lists_are_sorted_by_completion(user: User, sort: str, *, descending: bool) -> None:
    ids = [(await user.create(completed=number % 3 == 0))["id"] for number in range(7)]
    expected = sorted(ids, key=lambda each: (ids.index(each) % 3 == 0, each), reverse=descending)
    listed, cursor = [], None
    while True:
        response = (await user.get(params={"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        listed += [task["id"] for task in response["tasks"]]
        if not (cursor := response["next_cursor"]):
            break
    assert listed == expected
