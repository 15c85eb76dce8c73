"""Properties of a statement: it is read-only, and may be retried."""

import pytest
from sqlalchemy import ClauseElement, delete, func, insert, literal_column, select, text, union_all, update
from sqlmodel import col

from src.db.statement import Statement
from src.models import TaskRow, User

_NEW = insert(User).values(id="somebody").returning(col(User.id)).cte("new")


@pytest.mark.req("DB-FR-004", "DB-FR-005")
@pytest.mark.parametrize(
    ("construct", "is_read_only"),
    [
        (select(TaskRow), True),
        (select(select(TaskRow).cte("tasks")), True),
        (union_all(select(col(TaskRow.id)), select(func.count(col(User.id)))), True),
        (insert(User).values(id=literal_column("'x'")), False),
        (update(User).values(name=None), False),
        (delete(TaskRow), False),
        (select(_NEW), False),
        (select(TaskRow).where(select(_NEW).exists()), False),
        (union_all(select(col(User.id)), select(_NEW)), False),
        (text("SELECT 1"), False),
    ],
)
def test_only_read_only_statements_may_be_retried(construct: ClauseElement, *, is_read_only: bool) -> None:
    assert Statement(construct).is_read_only is is_read_only
