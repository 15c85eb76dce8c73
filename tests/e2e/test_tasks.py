"""Users of a real Better Auth front end manage their tasks over HTTP."""

from collections.abc import Iterator

import pytest

from tests.conftest import listed
from tests.e2e.api_server import ApiServer
from tests.e2e.better_auth_server import BetterAuthServer, needs_node
from tests.e2e.caller import COMPLETE, COMPLETED, ENDLESS, PUBLIC, ROUTES, ROUTES_OF_ONE_TASK, TASK, Caller, Options
from tests.e2e.conftest import StartApi

pytestmark = needs_node

SECRET = "the-secret-of-the-front-end-and-of-the-api"


@pytest.fixture(scope="module")
def front_end() -> Iterator[BetterAuthServer]:
    with BetterAuthServer(secret=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def api(start_api: StartApi, front_end: BetterAuthServer) -> ApiServer:
    return start_api(better_auth_secret=SECRET, allowed_origins=front_end.url)


@pytest.fixture(scope="module")
def user(api: ApiServer, front_end: BetterAuthServer) -> Caller:
    return _signed_up(api, front_end)


@pytest.fixture(scope="module")
def stranger(api: ApiServer, front_end: BetterAuthServer) -> Caller:
    return _signed_up(api, front_end)


def _signed_up(api: ApiServer, front_end: BetterAuthServer) -> Caller:
    somebody = front_end.sign_up()
    return Caller(api, somebody.id, somebody.hs256_token())


@pytest.mark.req("TASK-FR-062")
def test_these_tests_cover_all_routes(api: ApiServer) -> None:
    documented = {
        (method.upper(), path)
        for path, operations in api.http.get("/openapi.json").json()["paths"].items()
        for method in operations
    }
    public = {("GET", path) for path in PUBLIC}
    assert documented - public - ENDLESS == {(route.values[0], route.values[1]) for route in ROUTES}


@pytest.mark.req("AUTH-FR-003", "AUTH-FR-019")
@pytest.mark.parametrize(("method", "route", "options", "status"), ROUTES)
def test_every_route_serves_its_user(user: Caller, method: str, route: str, options: Options, status: int) -> None:
    response = user.request(method, route, user.create()["id"], **options)
    assert response.status_code == status, response.text


@pytest.mark.req("TASK-FR-002", "TASK-FR-003", "TASK-FR-004", "TASK-FR-005", "TASK-FR-006")
def test_a_task_is_created_read_and_changed(user: Caller) -> None:
    created = user.request("POST", json={"title": "Buy milk", "description": "Two bottles"})
    task = created.json()
    assert (task["user_id"], task["title"], task["completed"]) == (user.id, "Buy milk", False)
    assert user.api.request("GET", created.headers["Location"], user.token).json() == task
    renamed = user.request("PUT", TASK, task["id"], json={"title": "Buy tea"}).json()
    assert (renamed["title"], renamed["description"]) == ("Buy tea", "Two bottles")
    described = user.request("PATCH", TASK, task["id"], json={"description": "Green"}).json()
    assert (described["title"], described["description"]) == ("Buy tea", "Green")
    assert user.request("GET", TASK, task["id"]).json() == described


@pytest.mark.req("TASK-FR-016", "TASK-FR-017", "TASK-FR-022")
def test_a_completion_is_toggled_or_set(user: Caller) -> None:
    task_id = user.create()["id"]
    bodies: list[Options] = [{}, {}, COMPLETED, COMPLETED, {"json": {"completed": False}}]
    responses = [user.request("PATCH", COMPLETE, task_id, **body).json()["completed"] for body in bodies]
    assert responses == [True, False, True, True, False]
    assert task_id in {task["id"] for task in user.tasks(status="pending")}
    assert task_id not in {task["id"] for task in user.tasks(status="completed")}


@pytest.mark.req("TASK-FR-010")
def test_a_deleted_task_is_gone(user: Caller) -> None:
    task_id = user.create()["id"]
    assert user.request("DELETE", TASK, task_id).content == b""
    assert user.request("GET", TASK, task_id).status_code == 404
    assert task_id not in {task["id"] for task in user.tasks()}


@pytest.mark.req("TASK-FR-001", "TASK-FR-021", "TASK-FR-033")
def test_each_user_sees_exactly_their_own_tasks(api: ApiServer, front_end: BetterAuthServer) -> None:
    first, second = _signed_up(api, front_end), _signed_up(api, front_end)
    theirs = listed(second.create(title="theirs"))
    one, two = (first.create(title=title) for title in ("one", "two"))
    listing = first.request("GET").json()
    assert listing == {"tasks": listed(two, one), "count": 2, "total": 2, "next_cursor": None}
    assert second.tasks() == theirs


@pytest.mark.req("TASK-FR-033", "TASK-FR-049")
@pytest.mark.parametrize(("method", "route", "options", "_status"), ROUTES)
def test_another_users_path_is_forbidden(
    user: Caller, stranger: Caller, method: str, route: str, options: Options, _status: int
) -> None:
    stranger.create()
    theirs = stranger.tasks()
    path = route.format(user_id=stranger.id, task_id=theirs[0]["id"])
    assert user.api.request(method, path, user.token, **options).status_code == 403
    assert stranger.tasks() == theirs


@pytest.mark.req("TASK-FR-034", "TASK-FR-049")
@pytest.mark.parametrize(("method", "route", "options", "_status"), ROUTES_OF_ONE_TASK)
def test_another_users_task_does_not_exist(
    user: Caller, stranger: Caller, method: str, route: str, options: Options, _status: int
) -> None:
    stranger.create()
    theirs = stranger.tasks()
    assert user.request(method, route, theirs[0]["id"], **options).status_code == 404
    assert stranger.tasks() == theirs


@pytest.mark.req("AUTH-FR-001")
@pytest.mark.parametrize(("method", "route", "options", "_status"), ROUTES)
def test_without_a_token_every_route_is_401(
    api: ApiServer, user: Caller, method: str, route: str, options: Options, _status: int
) -> None:
    path = route.format(user_id=user.id, task_id=user.create()["id"])
    response = api.request(method, path, **options)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.req("AUTH-FR-002", "TASK-FR-057", "TASK-FR-058")
@pytest.mark.parametrize("path", PUBLIC)
def test_public_paths_need_no_token(api: ApiServer, path: str) -> None:
    assert api.request("GET", path).status_code == 200


@pytest.mark.req("TASK-FR-059", "TASK-FR-060", "AUTH-FR-008")
@pytest.mark.parametrize(("method", "route", "options", "status"), ROUTES)
def test_a_page_of_the_front_end_may_use_every_route(
    user: Caller, front_end: BetterAuthServer, method: str, route: str, options: Options, status: int
) -> None:
    path, origin = route.format(user_id=user.id, task_id=user.create()["id"]), {"Origin": front_end.url}
    asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = user.api.request("OPTIONS", path, headers=origin | asks)
    response = user.api.request(method, path, user.token, headers=origin, **options)
    assert (preflight.status_code, response.status_code) == (200, status)
    assert method in preflight.headers["Access-Control-Allow-Methods"]
    for each in preflight, response:
        assert each.headers["Access-Control-Allow-Origin"] == front_end.url


@pytest.mark.req("TASK-FR-061")
def test_a_page_of_another_origin_may_not(user: Caller) -> None:
    origin = {"Origin": "https://evil.example"}
    preflight = user.request("OPTIONS", headers=origin | {"Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 400
    assert "Access-Control-Allow-Origin" not in user.request("GET", headers=origin).headers
