"""A bulk that is refused as a whole, because it does not validate."""

import pytest

from tests.conftest import User
from tests.support.bulk_requests import bulk, create, on, update

HUGE = 10**30
HOSTILE: list[object] = [
    None, 5, "x", [], [[]], {}, {"operations": None}, {"operations": {}}, {"operations": []}, {"operations": [None]},
    {"operations": [[]]}, {"operations": [{}]}, {"operations": [{"op": None}]}, {"operations": [{"op": ["create"]}]},
    {"operations": [{"op": "create"}] * 501}, {"operations": [create("x")] * 501},
    {"operations": [{"op": "CREATE", "task": {"title": "x"}}]}, {"operations": [{"op": "destroy", "id": 1}]},
    {"operations": [{"id": 1}]}, {"operations": [{"op": "create", "id": 1, "task": {"title": "x"}}]},
    {"operations": [create("x", user_id="somebody")]}, {"operations": [create("x", color="red")]},
    {"operations": [create("")]}, {"operations": [create("\0")]}, {"operations": [create("x", tags=["\0"])]},
    {"operations": [create("x", recurrence="FREQ=SECONDLY")]}, {"operations": [create("x", due_date="tomorrow")]},
    {"operations": [create("x")], "atomic": None}, {"operations": [create("x")], "atomic": "perhaps"},
    {"operations": [create("x")], "dry_run": 5}, {"operations": [create("x")], "dry": True},
    {"operations": [on("delete", {"id": 0})]}, {"operations": [on("delete", {"id": 2**53})]},
    {"operations": [on("delete", {"id": -1})]}, {"operations": [on("delete", {"id": HUGE})]},
    {"operations": [on("delete", {"id": 1.5})]}, {"operations": [on("delete", {"id": None})]},
    {"operations": [on("delete", {"id": "x"})]}, {"operations": [on("delete", {"id": {}})]},
    {"operations": [on("delete", {"id": 1}, permanent="perhaps")]}, {"operations": [on("delete", {"id": 1}, x=1)]},
    {"operations": [on("complete", {"id": 1}, completed="perhaps")]}, {"operations": [on("complete", {"id": []})]},
    {"operations": [on("restore", {"id": 1}, revision=-1)]}, {"operations": [on("restore", {"id": 1}, revision=HUGE)]},
    {"operations": [on("restore", {"id": 1}, revision="x")]}, {"operations": [{"op": "update", "id": 1}]},
    {"operations": [{"op": "update", "id": 1, "changes": None}]}, {"operations": [update({"id": 1}, title=None)]},
    {"operations": [update({"id": 1}, completed=None)]}, {"operations": [update({"id": 1}, id=2)]},
    {"operations": [on("delete", {"id": 1}), on("restore", {"id": 1})]},
    {"operations": [on("complete", {"id": 1}), update({"id": 1}, title="x")]},
]  # fmt: skip


@pytest.mark.req("TASK-FR-137", "TASK-FR-138", "TASK-FR-049")
@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: str(body)[:60])
async def test_an_invalid_bulk_is_refused(user: User, body: object) -> None:
    response = await user.post("/bulk", json=body)
    assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:invalid-request")
    assert response.json()["errors"]
    assert len(response.content) < 50_000
    assert await user.revision() == 0


@pytest.mark.req("TASK-FR-137")
async def test_an_invalid_member_is_named_by_its_path(user: User) -> None:
    response = await bulk(user, create("x"), create("y", color="red"), update({"id": 1}, title=""))
    assert {error["field"] for error in response.json()["errors"]} == {
        "operations.1.create.task.color",
        "operations.2.update.changes.title",
    }


@pytest.mark.req("TASK-FR-045", "TASK-FR-137")
@pytest.mark.parametrize("place", ["{members}", '"operations": [{{"op": "delete", "id": 1, {members}}}]'])
async def test_a_hundred_thousand_invalid_members_are_one_error(user: User, place: str) -> None:
    members = ",".join(f'"{number:x}":1' for number in range(95_000))
    body = f"{{{place.format(members=members)}}}"
    response = await user.post("/bulk", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, len(response.json()["errors"])) == (422, 1)
    many = [create("x", priority=5, due_date=5)] * 500
    assert len((await bulk(user, *many)).json()["errors"]) == 100
