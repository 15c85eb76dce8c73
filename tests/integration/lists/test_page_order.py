"""The order of a page: PostgreSQL finds the tasks, and the service puts them in order."""

from itertools import product
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from src.schemas.query import SortKey
from tests.conftest import User

_DUE = [None, "2026-12-01", "2026-12-01T09:00:00Z"]


@pytest.mark.req("TASK-FR-085", "TASK-FR-021")
async def test_a_page_is_in_order_whatever_the_order_of_the_rows(
    app: FastAPI, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        await user.create(f"Milk {number % 5}", priority=["none", "high"][number % 2], due_date=_DUE[number % 3])
    queries = [
        {"sort": sort, "order": order, "search": "milk", "limit": 9}
        for sort, order in product(get_args(SortKey), ("asc", "desc"))
    ]
    usual = [(await user.get(params=query)).json() for query in queries]
    database = app.state.components.database
    fetch = database.fetch

    async def fetch_reversed(*arguments: Any, **values: Any) -> list[Any]:
        rows: list[Any] = await fetch(*arguments, **values)
        return rows[::-1]

    monkeypatch.setattr(database, "fetch", fetch_reversed)
    assert [(await user.get(params=query)).json() for query in queries] == usual
