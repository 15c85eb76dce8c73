"""Query plans: lists and counts read only the owner's rows, found by an index."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args
from uuid import uuid4

import asyncpg
import pytest

from src.db.statement import Statement
from src.schemas.cursor import Position, SortValue, encode_cursor
from src.schemas.query import SortKey, TaskQuery
from src.schemas.task import TaskCreate
from src.services.lists.filters import Clock
from src.services.lists.parameters import due_today, list_parameters, shape_of, sort_zone
from src.services.lists.statements import list_tasks, value_column
from src.services.overview.statements import COUNT_TAGS, COUNT_TASKS
from src.services.sync.statements import CHANGES
from src.services.tasks.columns import to_columns
from src.services.tasks.statements import COMPLETE_TASK, CREATE_TASK, GET_TASK
from tests.conftest import Connection, NewDatabase

type Node = dict[str, Any]

_OWNERS = 40
_TASKS = 250
_MANY = 3000
_NOW = datetime(2026, 12, 10, 9, tzinfo=UTC)
_OWNER = {"owner": "owner-7"}

_CUSTOM_PLANS = 5
"""The number of custom plans of a prepared statement before PostgreSQL considers a generic one."""

_PLANS = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE name = $1"
_TABLE_BLOCKS = """
    SELECT coalesce(sum(pg_relation_size(relid)), pg_relation_size('tasks')) / 8192 FROM pg_partition_tree('tasks')
"""
_IS_PARTITIONED = "SELECT relkind = 'p' FROM pg_class WHERE oid = 'tasks'::regclass"
_TASKS_TABLE = re.compile(r"tasks(_\d+)?")
_CURSOR_VALUES: dict[str, SortValue] = {
    "created_at": _NOW,
    "updated_at": 100,
    "due_date": _NOW,
    "priority": 2,
    "completed": False,
    "title": "buy milk 003100",
    "relevance": 1,
}

_PAGE = 20
_BLOCKS = 50
"""The blocks that a full page may read: less than two per task, and some of the indexes."""

_FILL_USERS = "INSERT INTO users (id, revision) SELECT unnest($1::text[]), $2"
_FILL_TASKS = """
    INSERT INTO tasks (user_id, title, priority, tags, due_date, due_day, completed_at, deleted_at, last_event,
                       created_at, updated_at, revision, tag_keys, folded_title, folded_description, title_sort_key)
    SELECT owner, 'Buy milk ' || n, n % 5, ARRAY['tag ' || n % 7, 'TAG ' || n % 3], day::text, day,
           CASE WHEN n % 4 = 0 THEN now() END, CASE WHEN n % 10 = 0 THEN now() END,
           CASE WHEN n % 20 = 0 THEN 'erased' ELSE 'created' END, now(), now(), n,
           ARRAY['tag ' || n % 7, 'tag ' || n % 3],
           ' buy milk ' || n || ' ', ' two bottles of the fresh one from the farm ', 'buy milk ' || to_char(n, 'FM0000')
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
    """Run the statement with these arguments, and return the nodes of its plan."""
    return await _explained(connection, f"(FORMAT JSON, ANALYZE) {statement.sql}", *arguments)


async def plan_for_any(connection: Connection, statement: Statement, arguments: list[Any]) -> list[Node]:
    """Return the nodes of the generic plan; the owner has to be given, because it selects the partition."""
    values = ", ".join(f"'{value}'" if value == _OWNER["owner"] else "NULL" for value in arguments)
    await connection.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE any_plan AS {statement.sql}")
    nodes = await _explained(connection, f"(FORMAT JSON) EXECUTE any_plan({values})")
    await connection.execute("RESET plan_cache_mode; DEALLOCATE any_plan")
    return nodes


async def _explained(connection: Connection, what: str, *arguments: object) -> list[Node]:
    [plan] = json.loads(await connection.fetchval(f"EXPLAIN {what}", *arguments))
    return list(_nodes(plan["Plan"]))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _reads_tasks(node: Node) -> bool:
    """Whether the node scans the table, or a partition of it."""
    return bool(_TASKS_TABLE.fullmatch(node.get("Relation Name", ""))) and node["Node Type"] != "ModifyTable"


def assert_finds_by_owner(name: str, nodes: list[Node]) -> None:
    scans = list(filter(_reads_tasks, nodes))
    assert scans, name
    for scan in scans:
        [found_by] = scan["Plans"] if scan["Node Type"] == "Bitmap Heap Scan" else [scan]
        assert "user_id = " in found_by.get("Index Cond", ""), f"{name}: {scan['Node Type']}"


def assert_reads_the_owners_rows_only(name: str, nodes: list[Node]) -> None:
    for scan in filter(_reads_tasks, nodes):
        seen = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
        assert seen * scan["Actual Loops"] <= _TASKS, name


def statement_of(query: TaskQuery) -> tuple[Statement, dict[str, Any]]:
    shape = shape_of(query)
    return list_tasks(shape), list_parameters(query, shape, Clock(_NOW, query.tz))


def statements() -> Iterator[tuple[str, Statement, dict[str, Any]]]:
    """Yield the statement of a list in each order, plain, searched and filtered, and of each count."""
    for sort, order, asked in product(get_args(SortKey), ("asc", "desc"), _QUERIES):
        if sort != "relevance" or "search" in asked:
            query = TaskQuery.model_validate({**asked, "sort": sort, "order": order})
            yield f"{sort} {order} {', '.join(asked)}", *statement_of(query)
    yield "stats", COUNT_TASKS, due_today(Clock(_NOW, "Europe/Paris"))
    yield "tags", COUNT_TAGS, {}


def single_tasks() -> Iterator[tuple[str, Statement, dict[str, Any]]]:
    """Yield a read, a creation, a toggle and a page of changes."""
    yield "get", GET_TASK[int], {"task": 1}
    yield "get by uid", GET_TASK[str], {"task": str(uuid4())}
    limits = {"text_bytes": 8, "max_tasks": 10**6, "max_bytes": 10**9}
    yield "create", CREATE_TASK, to_columns(TaskCreate(title="Buy milk").model_dump()) | limits
    yield "toggle", COMPLETE_TASK[int], {"task": 1, "completed": None, "revisions": None}
    yield "changes", CHANGES, {"since": _TASKS - 1, "limit": _PAGE}


async def fill(connection: Connection, owners: list[str], tasks: int) -> None:
    await connection.execute(_FILL_USERS, owners, tasks)
    await connection.execute(_FILL_TASKS, owners, tasks)


@pytest.fixture(scope="module")
async def filled(new_database: NewDatabase) -> AsyncIterator[Connection]:
    """Insert tasks of many owners, one with many tasks and one with few."""
    connection = await asyncpg.connect(await new_database())
    await fill(connection, ["owner-few"], _PAGE)
    await fill(connection, [f"owner-{n}" for n in range(_OWNERS)], _TASKS)
    await fill(connection, ["owner-many"], _MANY)
    await connection.execute("ANALYZE")
    if await connection.fetchval(_IS_PARTITIONED):
        await connection.execute("SET enable_seqscan = off")  # for so small a partition, it is the cheapest plan
    yield connection
    await connection.close()


def orders() -> Iterator[TaskQuery]:
    """Yield the query of a full page in each order."""
    for sort, order in product(get_args(SortKey), ("asc", "desc")):
        search = "milk" if sort == "relevance" else ""
        yield TaskQuery.model_validate({"sort": sort, "order": order, "search": search, "limit": _PAGE})


async def page_after(connection: Connection, query: TaskQuery, number: int) -> TaskQuery:
    """Return the query of the page after this many tasks of the owner with many."""
    statement, values = statement_of(query.model_copy(update={"offset": number - 1}))
    row, *_ = await connection.fetch(statement.sql, *statement.arguments(values | {"owner": "owner-many"}))
    position = Position(row[value_column(query.sort_key)], row["id"], sort_zone(query, Clock(_NOW, None)))
    cursor = encode_cursor(query.sorting, position)
    return TaskQuery.model_validate(query.model_dump() | {"cursor": cursor})


async def blocks_read(connection: Connection, query: TaskQuery, owner: str) -> int:
    """Return the number of blocks of tables and indexes that PostgreSQL reads for a full page."""
    statement, values = statement_of(query)
    arguments = statement.arguments(values | {"owner": owner})
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


def pages() -> Iterator[tuple[str, Statement, dict[str, Any]]]:
    """Yield the statement of a page after a cursor in each order, and of a page after an offset."""
    for query in orders():
        value = _CURSOR_VALUES[query.sort_key]
        cursor = encode_cursor(query.sorting, Position(value, 100, sort_zone(query, Clock(_NOW, None))))
        yield (
            f"cursor {query.sorting}",
            *statement_of(TaskQuery.model_validate(query.model_dump() | {"cursor": cursor})),
        )
    yield "offset", *statement_of(TaskQuery(offset=40, limit=_PAGE))


@pytest.mark.req("TASK-FR-175")
async def test_an_ordinary_statement_has_a_generic_plan_from_its_sixth_execution(filled: Connection) -> None:
    for name, statement, values in [*statements(), *pages(), *single_tasks()]:
        prepared = await filled.prepare(statement.sql)
        for number in range(_CUSTOM_PLANS + 2):
            await prepared.fetch(*statement.arguments(values | {"owner": f"owner-{number}"}))
        custom, generic = await filled.fetchrow(_PLANS, prepared.get_name()) or (0, 0)
        assert custom <= _CUSTOM_PLANS, name
        assert custom + generic == _CUSTOM_PLANS + 2, name


@pytest.mark.req("TASK-FR-175", "TASK-FR-177")
async def test_pages_changes_and_single_tasks_are_found_by_their_owner_in_a_generic_plan(filled: Connection) -> None:
    for name, statement, values in [*pages(), *single_tasks()]:
        if name != "create":  # a creation reads no task
            arguments = statement.arguments(_OWNER | values)
            assert_finds_by_owner(name, await plan_for_any(filled, statement, arguments))


@pytest.mark.req("DB-FR-029")
async def test_a_page_in_the_order_of_an_index_is_not_sorted(filled: Connection) -> None:
    for query in orders():
        statement, values = statement_of(query)
        nodes = await plan_for(filled, statement, statement.arguments(_OWNER | values))
        is_sorted = any("Sort" in node["Node Type"] for node in nodes)
        assert is_sorted is (query.sort_key not in {"created_at", "updated_at"}), query.sorting


@pytest.mark.req("TASK-FR-177")
async def test_a_page_far_down_reads_no_more_than_the_first(filled: Connection) -> None:
    for query in orders():
        first = await blocks_read(filled, query, "owner-many")
        deep = await blocks_read(filled, await page_after(filled, query, _MANY * 4 // 5), "owner-many")
        allowed = _BLOCKS if query.sort_key in {"created_at", "updated_at"} else first + _BLOCKS
        assert max(first, deep) <= allowed, query.sorting


@pytest.mark.req("TASK-FR-177")
async def test_an_owner_with_few_tasks_does_not_pay_for_those_of_others(filled: Connection) -> None:
    assert await filled.fetchval(_TABLE_BLOCKS) > 8 * _BLOCKS
    for query in orders():
        assert await blocks_read(filled, query, "owner-few") <= _BLOCKS, query.sorting
