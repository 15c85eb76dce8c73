"""Searches and the order of titles are the same in databases of every locale."""

from collections import defaultdict
from itertools import batched
from typing import Any

import asyncpg
import pytest

from src.schemas.folding import fold
from src.schemas.sort_key import sort_key
from tests.conftest import NewDatabase, StartApp, User
from tests.support.commands import IN_CI
from tests.support.languages import LATIN_BLOCKS, ORDERED_TITLES, SEARCHES, letters

LOCALES = ("C", "C.UTF-8", "en_US.UTF-8")
LATIN = [f"x{letter}x" for block in LATIN_BLOCKS for letter in letters(block) if letter != "ŉ"]
"""A title for each letter; ŉ is an apostrophe and n, which are two words."""


def key(title: str) -> str:
    return sort_key(fold(title))


@pytest.fixture(scope="module", params=LOCALES)
async def owner(request: pytest.FixtureRequest, new_database: NewDatabase, start_app: StartApp) -> User:
    """Return a user with titles of many languages, in a database of each locale."""
    options = f"TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE '{request.param}'"
    try:
        url = await new_database(options)
    except asyncpg.PostgresError as error:
        if IN_CI or "invalid" not in str(error):
            raise
        pytest.skip(f"The server does not know the locale {request.param}; .ci/setup generates it.")
    user = User(await start_app(database_url=url))
    for titles in batched([*SEARCHES, *ORDERED_TITLES, *LATIN], 400, strict=False):
        operations = [{"op": "create", "task": {"title": title}} for title in titles]
        assert (await user.post("/bulk", json={"operations": operations})).status_code == 200
    return user


async def titles_of(owner: User, **query: Any) -> list[str]:
    return [task["title"] for task in await owner.tasks(**query)]


async def pages_of(owner: User, **query: Any) -> list[str]:
    page = (await owner.get(params=query)).json()
    titles = [task["title"] for task in page["tasks"]]
    following = page["next_cursor"]
    return titles + (await pages_of(owner, **query | {"cursor": following}) if following else [])


@pytest.mark.req("TASK-FR-078", "TASK-FR-260", "TASK-FR-261", "TASK-FR-264")
async def test_texts_of_many_languages_are_found_in_every_locale(owner: User) -> None:
    for title, searches in SEARCHES.items():
        for words in searches:
            found = set(await titles_of(owner, search=words)) - set(ORDERED_TITLES)
            assert found == {title}, words


@pytest.mark.req("TASK-FR-260", "TASK-FR-264")
async def test_every_latin_letter_is_found_by_its_plain_letter_in_every_locale(owner: User) -> None:
    by_plain = defaultdict(set)
    for title in LATIN:
        by_plain[fold(title)].add(title)
    for plain, expected in by_plain.items():
        for words in (plain, plain.upper(), max(expected), min(expected)):
            assert set(await titles_of(owner, search=words)) == expected, words


@pytest.mark.req("TASK-FR-262", "TASK-FR-264")
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_titles_have_one_order_in_every_locale(owner: User, order: str) -> None:
    found = await titles_of(owner, sort="title", order=order)
    assert [title for title in found if title in ORDERED_TITLES] == (
        ORDERED_TITLES if order == "asc" else ORDERED_TITLES[::-1]
    )
    assert [key(title) for title in found] == sorted(map(key, found), reverse=order == "desc")
    assert await pages_of(owner, sort="title", order=order, limit=150) == found


@pytest.mark.req("TASK-FR-077", "TASK-FR-171", "TASK-FR-172", "TASK-FR-264")
async def test_tags_that_differ_in_case_are_one_in_every_locale(owner: User) -> None:
    for tags in (["ÉCOLE", "дом", "zoo"], ["école", "Дом", "Zoo"], ["École"]):
        await owner.create("tagged", tags=tags)
    for words in ("école", "ÉCOLE", "ДОМ,École"):
        assert len(await owner.tasks(tags=words)) == 3, words
    counts = [(each["tag"], each["count"]) for each in (await owner.get("/tags")).json()["tags"]]
    assert counts == [("École", 3), ("Zoo", 2), ("Дом", 2)]
