"""Searches: what they find, and in which order."""

from typing import Any

import pytest

from tests.conftest import User, listed

TASKS: dict[str, dict[str, Any]] = {
    "Buy milk": {"description": "Two bottles of the fresh one"},
    "Milkshake for Zoë": {"tags": ["Küche"]},
    "Call the bank": {"description": "about the Crème Brûlée", "tags": ["money", "next week"]},
    "Don't forget e-mail": {"description": "to mum@example.com"},
    "買い物 牛乳": {"description": "スーパーで"},
    "Купить Молоко": {"tags": ["дом"]},
    "한국어 공부": {},
    "Party 🎉 hats": {},
    "100% done \\o/ 'quoted'": {"description": 'a "phrase" & | ! ( ) : * <->'},
}


@pytest.fixture
async def library(user: User) -> User:
    for title, members in TASKS.items():
        await user.create(title, **members)
    return user


async def found(user: User, words: str, name: str = "search") -> set[str]:
    return {task["title"].split()[0] for task in await user.tasks(**{name: words})}


@pytest.mark.req("TASK-FR-078")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("milk", {"Buy", "Milkshake"}),
        ("MIL", {"Buy", "Milkshake"}),
        ("ilk", {"Buy", "Milkshake"}),
        ("shake", {"Milkshake"}),
        ("rême brûlé", {"Call"}),
        ('"ilk"', set()),
        ("milk buy", {"Buy"}),
        ("buy fresh", {"Buy"}),
        ('"buy milk"', {"Buy"}),
        ('"milk buy"', set()),
        ('"buy mil"', set()),
        ('"fresh one', {"Buy"}),
        ("milk -buy", {"Milkshake"}),
        ("milk -shake", {"Buy"}),
        ('milk -"shake"', {"Buy", "Milkshake"}),
        ("“buy milk”", {"Buy"}),
        ("milk -“buy milk”", {"Milkshake"}),
        ('the -"fresh one"', {"Call"}),
        ("money", {"Call"}),
        ('"next week"', {"Call"}),
        ("kuche", {"Milkshake"}),
        ("KÜCHE", {"Milkshake"}),
        ("zoe", {"Milkshake"}),
        ("zoë", {"Milkshake"}),
        ("zoe\u0308", {"Milkshake"}),
        ("creme brulee", {"Call"}),
        ("crème", {"Call"}),
        ("forge don't", {"Don't"}),
        ("e-mail", {"Don't"}),
        ("mum@example.com", {"Don't"}),
        ("買い", {"買い物"}),
        ("牛乳 スーパー", {"買い物"}),
        ("молоко", {"Купить"}),
        ("ДОМ куп", {"Купить"}),
        ("한국", {"한국어"}),
        ("国", set()),
        ("い物", {"買い物"}),
        ("すーぱー", {"買い物"}),
        ('"スーパー"', {"買い物"}),
        ("🎉", {"Party"}),
        ("party hats", {"Party"}),
        ("party ***", {"Party"}),
        ("100", {"100%"}),
        ("quoted -milk", {"100%"}),
        ("phrase | quoted", {"100%"}),
        ("nothing", set()),
    ],
)
async def test_a_search_finds_words_by_any_part_phrases_and_exclusions(
    library: User, words: str, expected: set[str]
) -> None:
    assert await found(library, words) == expected
    assert await found(library, words, "q") == expected


@pytest.mark.req("TASK-FR-078")
async def test_exclusions_alone_find_all_other_tasks(library: User) -> None:
    assert len(await library.tasks(search="-milk")) == len(TASKS) - 2


@pytest.mark.req("TASK-FR-078")
async def test_a_search_follows_changes(user: User) -> None:
    task = await user.create("Buy milk", tags=["kitchen"])
    await user.patch(task["id"], json={"title": "Buy tea", "tags": ["office"], "description": "green"})
    for words, count in (("milk", 0), ("kitchen", 0), ("tea", 1), ("office", 1), ("green", 1)):
        assert len(await user.tasks(search=words)) == count
    await user.delete(task["id"])
    assert await user.tasks(search="tea") == []


@pytest.mark.req("TASK-FR-080")
@pytest.mark.parametrize("words", ["***", "-", "!", '""', "( | )", "- - -"])
async def test_a_search_without_a_word_finds_nothing(library: User, words: str) -> None:
    response = await library.get(params={"search": words, "total": "true"})
    assert (response.status_code, response.json()["tasks"], response.json()["total"]) == (200, [], 0)


@pytest.mark.req("TASK-FR-080")
@pytest.mark.parametrize("words", ["", "   ", "\t"])
async def test_a_search_for_white_space_is_ignored(library: User, words: str) -> None:
    assert len(await library.tasks(search=words)) == len(TASKS)


@pytest.mark.req("TASK-FR-079")
async def test_titles_come_before_other_texts_and_beginnings_of_words_before_their_middles(user: User) -> None:
    expected = [
        await user.create("Milkshake and jam"),
        await user.create("Jam, then milk"),
        await user.create("Almond-milk, rajam"),
        await user.create("Buttermilk", description="jam"),
        await user.create("Tea", description="milk", tags=["jam"]),
        await user.create("Bread", description="buttermilk", tags=["rajam"]),
    ]
    whole = [expected[1], expected[0], *expected[2:]]
    for query in ({}, {"sort": "relevance"}, {"order": "desc"}):
        assert await user.tasks(search="milk jam", **query) == listed(*whole)
    assert await user.tasks(search="milk jam", order="asc") == listed(*reversed(whole))
    assert await user.tasks(search="milk jam", sort="created_at") == listed(*reversed(expected))


@pytest.mark.req("TASK-FR-079")
async def test_equally_good_matches_and_exclusions_are_sorted_by_age(user: User) -> None:
    tasks = [await user.create(title) for title in ("milk", "more milk", "Milkshake")]
    for words in ("milk", "mil", "m i k", "-tea"):
        assert await user.tasks(search=words) == listed(*reversed(tasks)), words


@pytest.mark.req("TASK-FR-031", "TASK-FR-078")
async def test_a_search_finds_no_task_of_another_user(library: User, stranger: User) -> None:
    assert await stranger.tasks(search="milk") == []
    own = await stranger.create("milk")
    assert await stranger.tasks(search="milk") == listed(own)
    assert len(await library.tasks(search="milk")) == 2


@pytest.mark.req("TASK-FR-078")
@pytest.mark.parametrize(
    ("title", "search"),
    [
        ("buy milk/eggs", "eggs"),
        ("a <milk> b", "milk"),
        ("bob@example.com", "bob@exa"),
        ("v1.2.3", "v1.2"),
        ("10.5.2026", "2026"),
        ("+49-170-123456", "170"),
        ("https://example.com/milk?x=1", "milk"),
        ("don't forget", "don't"),
        ("snake_case_name", "case"),
    ],
)
async def test_punctuation_separates_words(user: User, title: str, search: str) -> None:
    await user.create(title)
    assert [task["title"] for task in await user.tasks(search=search)] == [title]
