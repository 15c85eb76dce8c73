"""The category of a task: its limits, its filter, and its counts."""

import pytest

from tests.conftest import User, listed

LABELS = ["errands", "a,b", 'say "hi"', "{}", "\\", "NULL", "%", "_", "'", "ä ö", "😀", "買い物", "x" * 50, "😀" * 50]


@pytest.mark.req("TASK-FR-289", "TASK-FR-040")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [(None, None), ("", None), ("  ", None), (" errands\n", "errands"), *((label, label) for label in LABELS)],
)
async def test_a_category_is_stored_without_white_space_around_it(
    user: User, sent: str | None, stored: str | None
) -> None:
    assert (await user.create(category=sent))["category"] == stored
    other = await user.create(category="old")
    assert (await user.patch(other["id"], json={"category": sent})).json()["category"] == stored


@pytest.mark.req("TASK-FR-289", "TASK-FR-049")
@pytest.mark.parametrize("value", [True, 1, 1.5, [], ["x"], {}, "x" * 51, "😀" * 51, "a\0", {"name": "x"}])
async def test_other_categories_are_refused(user: User, value: object) -> None:
    task = await user.create()
    for response in (
        await user.post(json={"title": "x", "category": value}),
        await user.put(task["id"], json={"category": value}),
    ):
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["category"]
    assert await user.tasks() == listed(task)


@pytest.mark.req("TASK-FR-290")
@pytest.mark.parametrize("label", LABELS)
async def test_a_list_is_filtered_by_category_in_any_case(user: User, stranger: User, label: str) -> None:
    task = await user.create(category=label)
    for other in (None, f"not {label}"[:50], "z"):
        await user.create(category=other)
    await stranger.create(category=label)
    assert await user.tasks(category=label) == listed(task)
    assert await user.tasks(category=f" {label.upper()} "[: 50 + 2]) == listed(task)
    assert await user.tasks(category=label, status="completed") == []


@pytest.mark.req("TASK-FR-290")
async def test_several_categories_mean_any_of_them(user: User) -> None:
    tasks = [await user.create(category=label) for label in ("a", "b", "a,b", None)]
    assert await user.tasks(category=["A", "b"], sort="created_at", order="asc") == listed(*tasks[:2])
    assert await user.tasks(category="a,b") == listed(tasks[2])


@pytest.mark.req("TASK-FR-290", "TASK-FR-091")
@pytest.mark.parametrize("value", ["", " ", "x" * 51, "a\0", ["x"] * 101])
async def test_a_category_that_no_task_can_have_is_refused(user: User, value: object) -> None:
    response = await user.get(params={"category": value})
    assert response.status_code == 422
    assert {error["field"].partition(".")[0] for error in response.json()["errors"]} == {"category"}


@pytest.mark.req("TASK-FR-291")
async def test_categories_are_counted_in_the_last_spelling_most_used_first(user: User, stranger: User) -> None:
    await stranger.create(category="theirs")
    for label in ("Home", "work", None, "errands", "ERRANDS", "wörk", "WÖRK", "wÖrk"):
        await user.create(category=label)
    await user.delete((await user.create(category="trashed"))["id"])
    counts = (await user.get("/stats")).json()["by_category"]
    assert list(counts.items()) == [("wÖrk", 3), ("ERRANDS", 2), ("Home", 1), ("work", 1)]


@pytest.mark.req("TASK-FR-295", "TASK-FR-077")
async def test_a_tag_with_a_comma_is_found_by_tag_which_is_not_split_and_may_be_repeated(user: User) -> None:
    comma, other = await user.create(tags=["a,b"]), await user.create(tags=["a", "c"])
    path = user.path
    for query, found in {
        "tag=a%2Cb": [comma],
        "tag=a,b": [comma],
        "tag=A%2CB&tag=c": [other, comma],
        "tags=a,b": [other],
        "tag=a%2Cb&tags=c": [other, comma],
        "tag=a%2Cb&tag=c&tags_match=all": [],
    }.items():
        assert (await user.http.get(f"{path}?{query}")).json()["tasks"] == listed(*found), query
