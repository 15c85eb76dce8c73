"""Isolation: each statement of the services is restricted to one owner."""

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import combinations, product
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, get_args

import pytest
from sqlalchemy import (
    Alias,
    BindParameter,
    ClauseElement,
    ColumnElement,
    Delete,
    Insert,
    ScalarSelect,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList
from sqlmodel import col

from src import services
from src.db.statement import Statement, hidden_parameter
from src.models import Table as Model
from src.models import TaskRow, User
from src.schemas.query import SortKey
from src.schemas.task import TaskUpdate
from src.services.lists.filters import FILTERS
from src.services.lists.statements import ListShape
from tests.support.task_values import NOT_STORED

TABLES = Model.metadata.tables


def _owner_column(source: Any) -> ColumnElement[Any]:
    """Return the column of a table or alias that names the owner of a row."""
    table: Any = source.element if isinstance(source, Alias) else source
    column: ColumnElement[Any] = source.c["id" if table.name == "users" else "user_id"]
    return column


def _members() -> Iterator[tuple[Any, ...]]:
    """Yield each member that an update may change, each pair and all; the columns of a due date change together."""
    names = [name for name in TaskUpdate.model_fields if name not in NOT_STORED]
    for size in (1, 2, len(names)):
        for members in map(frozenset, combinations(names, size)):
            yield (members | {"due_day", "due_at"} if "due_date" in members else members,)


def _list_shapes() -> Iterator[tuple[Any, ...]]:
    """Yield each order with all filters and with none, each filter alone, and each pair of filters."""
    bare = ListShape("created_at", descending=True, filters=(), has_cursor=False, has_offset=False, has_total=True)
    for sort, descending, filters, cursor in product(get_args(SortKey), _EITHER, ((), tuple(FILTERS)), _EITHER):
        yield (ListShape(sort, descending, filters, has_cursor=cursor, has_offset=not cursor, has_total=cursor),)
    for size in (1, 2):
        yield from ((bare._replace(filters=names),) for names in combinations(FILTERS, size))


_EITHER = (False, True)
SHAPES: dict[str, Callable[[], Iterator[tuple[Any, ...]]]] = {"update_task": _members, "list_tasks": _list_shapes}
"""The arguments of each function that builds statements."""

ACROSS_OWNERS = {"OWNERS_OF_OLD_TRASH", "OWNERS_OF_EXPIRED_RECORDS", "REVISIONS_OF_OWNERS"}
"""Statements that no request runs, and that return only user ids and revisions.

`REVISIONS_OF_OWNERS` reads the revisions of all owners with streams in this process. Each of them is authenticated, and
a revision wakes only the streams of its own owner, which then read as that owner.
"""


def _statements(package: ModuleType = services) -> Iterator[tuple[str, Statement]]:
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        for name, member in vars(module).items():
            if getattr(member, "__module__", None) == module.__name__ and hasattr(member, "cache_info"):
                for shape in SHAPES[name]():
                    yield from _of_member(f"{name}({_label(shape)})", member(*shape))
            elif name not in ACROSS_OWNERS:
                yield from _of_member(name, member)


def _of_member(name: str, member: object) -> Iterator[tuple[str, Statement]]:
    """Yield a statement, or those of a task that its id or its uid names."""
    if isinstance(member, Statement):
        yield name, member
    elif isinstance(member, dict):
        for kind, each in member.items():
            if isinstance(each, Statement):
                yield name if kind is int else f"{name}[{kind.__name__}]", each


def _label(shape: tuple[Any, ...]) -> str:
    [part] = shape
    return str(part) if isinstance(part, ListShape) else " ".join(sorted(part))


def _is_owner(expression: object) -> bool:
    """Return whether it is the owner's bind parameter, or a subquery that hides it from the planner."""
    hidden = expression.element if isinstance(expression, ScalarSelect) else None
    if isinstance(hidden, Select) and not hidden.get_final_froms():
        [expression] = hidden.selected_columns
    return isinstance(expression, BindParameter) and expression.key == "owner"


def _conditions(where: ColumnElement[Any] | None) -> Iterator[ColumnElement[Any]]:
    if isinstance(where, BooleanClauseList) and where.operator is operators.and_:
        for clause in where.clauses:
            yield from _conditions(clause)
    elif where is not None:
        yield where


def _is_owned(source: Any, where: ColumnElement[Any] | None) -> bool:
    """Return whether a condition that every row must meet compares the owner column with the owner."""
    return any(
        condition.left.compare(_owner_column(source))
        for condition in _conditions(where)
        if isinstance(condition, BinaryExpression) and condition.operator is operators.eq and _is_owner(condition.right)
    )


def _reached_without_owner(construct: ClauseElement) -> set[Any]:
    """Return the owners' tables that some part of the statement reads or writes without naming the owner."""
    unguarded: set[Any] = set()
    for part in visitors.iterate(construct):
        if isinstance(part, Select):
            # SQLAlchemy has no public API for the tables that a SELECT correlates to; it cannot correlate to an INSERT.
            outer = () if isinstance(construct, Insert) else part._correlate or ()  # noqa: SLF001 - see above
            reads = {table for source in part.get_final_froms() for table in _direct_tables(source)} - {*outer}
            unguarded |= {source for source in reads if not _is_owned(source, part.whereclause)}
        elif isinstance(part, Update | Delete):
            unguarded |= set() if _is_owned(part.table, part.whereclause) else {part.table}
        elif isinstance(part, Insert):
            unguarded |= set() if _inserts_owner(part) else {part.table}
    return unguarded


def _direct_tables(source: Any) -> set[Any]:
    if isinstance(source, Table) or (isinstance(source, Alias) and isinstance(source.element, Table)):
        return {source}
    sides = [getattr(source, side) for side in ("left", "right") if hasattr(source, side)]
    return set().union(*map(_direct_tables, sides))


def _inserts_owner(part: Any) -> bool:
    # SQLAlchemy has no public API for the values of an INSERT.
    column = _owner_column(part.table)
    if part.select is None:
        return _is_owner(part._values.get(column))  # noqa: SLF001 - see above
    position = part._select_names.index(column.name)  # noqa: SLF001 - see above
    return _is_owner(list(part.select.selected_columns)[position])


@pytest.fixture(scope="module")
def statements() -> list[tuple[str, Statement]]:
    return list(_statements())


def test_each_statement_names_the_owner_wherever_it_touches_an_owners_table(
    statements: list[tuple[str, Statement]],
) -> None:
    reached = {name: _reached_without_owner(statement.construct) for name, statement in statements}
    assert {name: tables for name, tables in reached.items() if tables} == {}


def test_all_statements_are_seen(statements: list[tuple[str, Statement]]) -> None:
    names = {name.partition("(")[0] for name, _ in statements}
    assert names >= {"list_tasks", "GET_TASK", "CREATE_TASK", "COMPLETE_TASK", "TRASH_TASK", "update_task"}
    assert names >= {"CHANGES", "CURRENT_TOKEN", "LOCK_AND_FIND_RECORD", "STORE_RECORD"}


def test_the_walk_finds_a_statement_in_a_sub_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nested = tmp_path / "planted" / "nested" / "deeper"
    nested.mkdir(parents=True)
    for folder in (nested, *nested.parents[:2]):
        (folder / "__init__.py").touch()
    (nested / "statements.py").write_text(
        "from sqlalchemy import column, select\n"
        "from src.db.statement import Statement\n"
        "PLANTED = Statement(select(column('id')))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert [name for name, _ in _statements(import_module("planted"))] == ["PLANTED"]


OWNER: BindParameter[str] = bindparam("owner")
OTHER: BindParameter[str] = bindparam("other")
BY_ID = col(TaskRow.id) == bindparam("id")
MINE = col(TaskRow.user_id) == OWNER
NEXT = TABLES["tasks"].alias()
CORRELATED = (
    select(NEXT.c.id).where(NEXT.c.user_id == OWNER, NEXT.c.id == col(TaskRow.next_task_id)).correlate(TABLES["tasks"])
).scalar_subquery()


@pytest.mark.parametrize(
    "careless",
    [
        select(col(TaskRow.id)).where(BY_ID),
        select(col(TaskRow.id)).where(BY_ID | MINE),
        select(col(TaskRow.id)).where(col(TaskRow.user_id) == OTHER),
        select(col(TaskRow.id)).where(col(TaskRow.user_id) == hidden_parameter("other", Text)),
        select(col(TaskRow.id)).where(col(TaskRow.user_id) == select(OWNER).where(BY_ID).scalar_subquery()),
        select(col(TaskRow.id)).where(col(TaskRow.user_id) != OWNER),
        select(col(TaskRow.id)).where(col(User.id) == OWNER).join(User),
        select(col(User.id)).where(col(User.id) == OWNER, select(col(TaskRow.id)).where(BY_ID).exists()),
        select(select(col(TaskRow.id)).where(BY_ID).cte().c.id),
        select(TABLES["tasks"].alias().c.id).where(MINE),
        TaskRow.metadata.tables["tasks"].update().where(BY_ID).values(title="x"),
        TaskRow.metadata.tables["tasks"].delete().where(BY_ID),
        insert(TaskRow).values(user_id=OTHER, title="x"),
        insert(TaskRow).values(user_id=OWNER).returning(CORRELATED),
        insert(TaskRow).from_select(["user_id", "title"], select(OTHER, bindparam("title"))),
    ],
)
def test_the_walk_notices_a_statement_without_the_owner(careless: ClauseElement) -> None:
    assert _reached_without_owner(careless)
