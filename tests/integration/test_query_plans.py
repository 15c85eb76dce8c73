"""What PostgreSQL reads for an owner's lists and counts: the owner's rows, found by an index, and nothing else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

import asyncpg
import pytest

from src.db.statement import Statement
from src.schemas.query import SortKey, TaskQuery
from src.services.list_parameters import conditions_of, due_today, page_of
from src.services.list_statements import list_tasks
from src.services.overview_statements import COUNT_TAGS, COUNT_TASKS
from tests.conftest import Connection, NewDatabase

type Node = dict[str, Any]

_OWNERS = 40
_TASKS = 250
_NOW = datetime(2026, 12, 10, 9, tzinfo=UTC)
_OWNER = {"owner": "owner-7"}

_FILL_USERS = "INSERT INTO users (id) SELECT 'owner-' || owner FROM generate_series(1, $1) AS owner"
_FILL_TASKS = """
    INSERT INTO tasks (user_id, title, priority, tags, due_date, due_day, completed_at, deleted_at, event,
                       created_at, updated_at, revision)
    SELECT 'owner-' || owner, 'Buy milk ' || n, n % 5, ARRAY['tag ' || n % 7, 'TAG ' || n % 3], day::text, day,
           CASE WHEN n % 4 = 0 THEN now() END, CASE WHEN n % 10 = 0 THEN now() END,
           CASE WHEN n % 20 = 0 THEN 'erased' ELSE 'created' END, now(), now(), n
      FROM generate_series(1, $1) AS owner, generate_series(1, $2) AS n,
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
            values = conditions_of(query, _NOW) | page_of(query)
            yield f"{sort} {order} {', '.join(asked)}", list_tasks(*query.sorting), values
    yield "stats", COUNT_TASKS, due_today(_NOW, "Europe/Paris")
    yield "tags", COUNT_TAGS, {}


@pytest.mark.req("TASK-FR-175")
async def test_lists_searches_and_counts_read_the_rows_of_their_owner(new_database: NewDatabase) -> None:
    connection = await asyncpg.connect(await new_database())
    await connection.execute(_FILL_USERS, _OWNERS)
    await connection.execute(_FILL_TASKS, _OWNERS, _TASKS)
    await connection.execute("ANALYZE")
    try:
        for name, statement, values in statements():
            arguments = statement.arguments(_OWNER | values)
            nodes = await plan_for(connection, statement, arguments)
            assert_finds_by_owner(name, nodes)
            assert_reads_the_owners_rows_only(name, nodes)
            assert_finds_by_owner(name, await plan_for_any(connection, statement, arguments))
    finally:
        await connection.close()
