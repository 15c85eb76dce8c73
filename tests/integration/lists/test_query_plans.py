"""What PostgreSQL reads for an owner's lists and counts: the owner's rows, found by an index, and nothing else."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import asyncpg
import pytest

from src.db.statement import Statement
from src.schemas.cursor import Position, encode_cursor
from src.schemas.query import SortKey, TaskQuery
from src.services.lists.parameters import due_today, filter_parameters, pagination_parameters
from src.services.lists.statements import list_tasks
from src.services.overview.statements import COUNT_TAGS, COUNT_TASKS
from tests.conftest import Connection, NewDatabase

type Node = dict[str, Any]

_OWNERS = 40
_TASKS = 250
_MANY = 3000
_NOW = datetime(2026, 12, 10, 9, tzinfo=UTC)
_OWNER = {"owner": "owner-7"}

_PAGE = 20
_BLOCKS = 50
"""What a page of so many tasks may read: less than two each and some of the indexes."""

_FILL_USERS = "INSERT INTO users (id) SELECT unnest($1::text[])"
_FILL_TASKS = """
    INSERT INTO tasks (user_id, title, priority, tags, due_date, due_day, completed_at, deleted_at, last_event,
                       created_at, updated_at, revision)
    SELECT owner, 'Buy milk ' || n, n % 5, ARRAY['tag ' || n % 7, 'TAG ' || n % 3], day::text, day,
           CASE WHEN n % 4 = 0 THEN now() END, CASE WHEN n % 10 = 0 THEN now() END,
           CASE WHEN n % 20 = 0 THEN 'erased' ELSE 'created' END, now(), now(), n
      FROM generate_series(1, $2) AS n, unnest($1::text[]) AS owner,
           LATERAL (SELECT date '2026-12-01' + n % 30 AS day) AS due
"""
_QUERIES: list[dict[str, Any]] = [
    {},
    {"search": "milk", "status": "pending"},
    {"tag": ["tag 1"], "priority": ["high"], "due_before": "2026-12-20", "overdue": True, "total": True},
    {"trashed": True},
]


async def plan_for(connection: Connection, statement: Statement, arguments: list[Any]) -> list[Node]:
    """The nodes of its plan for these arguments, after it was run with them."""
    return await _explained(connection, f"(FORMAT JSON, ANALYZE) {statement.sql}", *arguments)


async def plan_for_any(connection: Connection, statement: Statement, arguments: list[Any]) -> list[Node]:
    """The nodes of the plan that PostgreSQL may keep for all arguments, after it was asked five times."""
    nulls = ", ".join("NULL" for _ in arguments)
    await connection.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE any_plan AS {statement.sql}")
    nodes = await _explained(connection, f"(FORMAT JSON) EXECUTE any_plan({nulls})")
    await connection.execute("RESET plan_cache_mode; DEALLOCATE any_plan")
    return nodes


async def _explained(connection: Connection, what: str, *arguments: object) -> list[Node]:
    [plan] = json.loads(await connection.fetchval(f"EXPLAIN {what}", *arguments))
    return list(_nodes(plan["Plan"]))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def assert_finds_by_owner(name: str, nodes: list[Node]) -> None:
    scans = [node for node in nodes if node.get("Relation Name") == "tasks"]
    assert scans, name
    for scan in scans:
        [found_by] = scan["Plans"] if scan["Node Type"] == "Bitmap Heap Scan" else [scan]
        assert "user_id = " in found_by.get("Index Cond", ""), f"{name}: {scan['Node Type']}"


def assert_reads_the_owners_rows_only(name: str, nodes: list[Node]) -> None:
    for scan in nodes:
        if scan.get("Relation Name") == "tasks":
            seen = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
            assert seen * scan["Actual Loops"] <= _TASKS, name


def statements() -> Iterator[tuple[str, Statement, dict[str, Any]]]:
    """Each order of a list, plain, searched and filtered, and each count."""
    for sort, order, asked in product(get_args(SortKey), ("asc", "desc"), _QUERIES):
        if sort != "relevance" or "search" in asked:
            query = TaskQuery.model_validate({**asked, "sort": sort, "order": order})
            values = filter_parameters(query, _NOW) | pagination_parameters(query)
            yield f"{sort} {order} {', '.join(asked)}", list_tasks(*query.sorting), values
    yield "stats", COUNT_TASKS, due_today(_NOW, "Europe/Paris")
    yield "tags", COUNT_TAGS, {}


async def fill(connection: Connection, owners: list[str], tasks: int) -> None:
    await connection.execute(_FILL_USERS, owners)
    await connection.execute(_FILL_TASKS, owners, tasks)


@pytest.fixture(scope="module")
async def filled(new_database: NewDatabase) -> AsyncIterator[Connection]:
    """Insert tasks of many owners, one with many tasks and one with few."""
    connection = await asyncpg.connect(await new_database())
    await fill(connection, ["owner-few"], _PAGE)
    await fill(connection, [f"owner-{n}" for n in range(_OWNERS)], _TASKS)
    await fill(connection, ["owner-many"], _MANY)
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


def orders() -> Iterator[TaskQuery]:
    """A page of 20 in each order."""
    for sort, order in product(get_args(SortKey), ("asc", "desc")):
        search = "milk" if sort == "relevance" else ""
        yield TaskQuery.model_validate({"sort": sort, "order": order, "search": search, "limit": _PAGE})


async def page_after(connection: Connection, query: TaskQuery, number: int) -> TaskQuery:
    """Return the parameters of the page after this many tasks of the owner with many."""
    statement = list_tasks(*query.sorting)
    values = (
        filter_parameters(query, _NOW)
        | pagination_parameters(query)
        | {"offset": number - 1, "limit": 1, "owner": "owner-many"}
    )
    [row] = await connection.fetch(statement.sql, *statement.arguments(values))
    cursor = encode_cursor(query.sorting, Position(row["value"], row["id"]))
    return TaskQuery.model_validate(query.model_dump() | {"cursor": cursor})


async def blocks_read(connection: Connection, query: TaskQuery, owner: str) -> int:
    """How many blocks of tables and indexes PostgreSQL looks at for a page that is full."""
    statement = list_tasks(*query.sorting)
    arguments = statement.arguments(filter_parameters(query, _NOW) | pagination_parameters(query) | {"owner": owner})
    node, *_ = await _explained(connection, f"(FORMAT JSON, ANALYZE, BUFFERS) {statement.sql}", *arguments)
    assert node["Actual Rows"] >= _PAGE * 0.9
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


@pytest.mark.req("TASK-FR-175")
async def test_lists_searches_and_counts_read_the_rows_of_their_owner(filled: Connection) -> None:
    for name, statement, values in statements():
        arguments = statement.arguments(_OWNER | values)
        nodes = await plan_for(filled, statement, arguments)
        assert_finds_by_owner(name, nodes)
        assert_reads_the_owners_rows_only(name, nodes)
        assert_finds_by_owner(name, await plan_for_any(filled, statement, arguments))


@pytest.mark.req("TASK-FR-177")
async def test_a_page_far_down_reads_no_more_than_the_first(filled: Connection) -> None:
    for query in orders():
        first = await blocks_read(filled, query, "owner-many")
        deep = await blocks_read(filled, await page_after(filled, query, _MANY * 4 // 5), "owner-many")
        allowed = _BLOCKS if query.sort_key in {"created_at", "updated_at"} else first + _BLOCKS
        assert max(first, deep) <= allowed, query.sorting


@pytest.mark.req("TASK-FR-177")
async def test_an_owner_with_few_tasks_does_not_pay_for_those_of_others(filled: Connection) -> None:
    assert await filled.fetchval("SELECT pg_relation_size('tasks') / 8192") > 8 * _BLOCKS
    for query in orders():
        assert await blocks_read(filled, query, "owner-few") <= _BLOCKS, query.sorting
