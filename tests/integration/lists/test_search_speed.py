"""Searches among 100 000 tasks of one owner, without an index and with one of trigrams."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import asyncpg.prepared_stmt
import pytest

from src.schemas.query import TaskQuery
from src.services.lists.filters import Clock
from src.services.lists.parameters import list_parameters, shape_of
from src.services.lists.statements import list_tasks
from tests.conftest import Connection, NewDatabase
from tests.support.commands import ROOT
from tests.support.stopwatch import Stopwatch

type PreparedStatement = asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]

pytestmark = pytest.mark.serial

_CLOCK = Clock(datetime(2026, 12, 1, tzinfo=UTC), None)
_TASKS = 100_000
_WORDS = "milk bread strawberry jam coffee filter garden hose letter tax office dentist 牛乳 面包 молоко שלום"
_FILL_USERS = "INSERT INTO users (id, revision) VALUES ('many', 0), ('others', 0)"
_FILL_TASKS = """
    INSERT INTO tasks (user_id, title, created_at, updated_at, revision, folded_title, folded_description, folded_tags)
    SELECT owner, 'x', now(), now(), n,
           format(' buy %s and %s number %s ', words[n % 17 + 1], words[n % 13 + 1], n),
           format(' two %s ones from the %s shop %s', words[n % 11 + 1], words[n % 7 + 1], repeat('and more ', 5)),
           format(' %s  %s ', words[n % 5 + 1], words[n % 3 + 1])
      FROM string_to_array($1, ' ') AS words, generate_series(1, $2) AS n, unnest('{many,others}'::text[]) AS owner
"""
_SEARCHES = (
    *("berry", "99", "no such words", "面包", "молок", "a", "an", "e", "strawberry jam", "-milk", "-milk bread"),
    *('"strawberry ones"', 'coffee -"tax"', "buy number shop", "a b c d e f g h i j k l m n o p"),
)
_SECONDS = 0.1
_BUSY = 2
"""How much longer a search may take while other programs share the caches of the CPU."""
_COMMON = "number ones from the shop and more two buy"
"""Words that every task has."""
_MISSING_EXTENSIONS = """
    SELECT count(*) < 2 FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gin')
"""


@pytest.fixture(scope="module")
async def filled(new_database: NewDatabase) -> AsyncIterator[Connection]:
    """Insert the tasks of two owners by turns, and prepare generic plans as they are used in the long run."""
    connection = await asyncpg.connect(await new_database())
    await connection.execute(_FILL_USERS)
    await connection.execute(_FILL_TASKS, _WORDS, _TASKS)
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    yield connection
    await connection.close()


def many_words() -> str:
    """Return the longest search of the shortest words that match all tasks."""
    parts = {word[at : at + size]: None for size in (1, 2, 3) for word in _COMMON.split() for at in range(len(word))}
    return " ".join(parts)[:200].rpartition(" ")[0]


async def prepared_search(connection: Connection, words: str, **query: Any) -> tuple[PreparedStatement, list[Any]]:
    asked = TaskQuery.model_validate({"search": words, "limit": 20, **query})
    statement = list_tasks(shape_of(asked))
    arguments = statement.arguments(list_parameters(asked, shape_of(asked), _CLOCK) | {"owner": "many"})
    return await connection.prepare(statement.sql), arguments


async def search(connection: Connection, words: str, **query: Any) -> tuple[list[int], float]:
    """Return the ids of a page that is searched, and the seconds that PostgreSQL took."""
    prepared, arguments = await prepared_search(connection, words, **query)
    took = Stopwatch(connection.get_server_pid())
    rows = await prepared.fetch(*arguments)
    return [row["id"] for row in rows], took.seconds


async def is_fast(connection: Connection, words: str, sort: str) -> bool:
    """Whether one of five searches takes the time of the requirement; the others may have been disturbed."""
    for _ in range(5):
        if (await search(connection, words, sort=sort))[1] < _SECONDS * _BUSY:
            return True
    return False


async def uses_index(connection: Connection, words: str) -> bool:
    prepared, arguments = await prepared_search(connection, words)
    conditions = re.findall(r'"Index Cond": "(.*?)"', json.dumps(await prepared.explain(*arguments)))
    return any("~~" in condition for condition in conditions)


@pytest.mark.req("TASK-FR-263")
@pytest.mark.parametrize("sort", ["relevance", "title", "created_at"])
async def test_a_search_of_a_hundred_thousand_tasks_takes_a_tenth_of_a_second(filled: Connection, sort: str) -> None:
    for words in _SEARCHES:
        assert await is_fast(filled, words, sort), words


@pytest.mark.req("TASK-FR-263")
async def test_a_search_of_as_many_words_as_fit_takes_less_than_a_second(filled: Connection) -> None:
    ids, seconds = await search(filled, many_words())
    assert len(ids) == 21
    assert seconds < 1


@pytest.mark.req("TASK-FR-267")
async def test_an_index_of_trigrams_changes_no_result_and_is_used_where_it_helps(filled: Connection) -> None:
    if await filled.fetchval(_MISSING_EXTENSIONS):
        pytest.skip("the server has no pg_trgm; TEST_DATABASE_URL can name one that does")
    before = {words: (await search(filled, words))[0] for words in (*_SEARCHES, "99999")}
    for statement in (ROOT / "benchmarks/search_index.sql").read_text().split(";")[:-1]:
        await filled.execute(statement)
    await filled.execute("VACUUM ANALYZE tasks")
    after = {words: await search(filled, words) for words in before}
    assert {words: ids for words, (ids, _) in after.items()} == before
    assert [words for words in ("berry", "面包", "a", "-milk") if await uses_index(filled, words)] == ["berry"]
    assert after["99999"][1] < _SECONDS / 10
