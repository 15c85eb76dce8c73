"""Health and readiness checks of load balancers."""

import asyncio

import httpx
import pytest

from src.db import migrations
from src.db.url import DatabaseUrl
from tests.conftest import NewDatabase, StartApp, client


@pytest.mark.req("TASK-FR-057", "TASK-FR-058")
@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_no_token_is_needed(anonymous: httpx.AsyncClient, path: str) -> None:
    response = await anonymous.get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.req("TASK-FR-057", "TASK-FR-058", "RUN-FR-012")
@pytest.mark.usefixtures("patience")
async def test_the_process_is_healthy_without_its_database(start_app: StartApp) -> None:
    http = client(await start_app(database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    assert (await http.get("/health")).status_code == 200
    refusal = await http.get("/ready")
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")


@pytest.mark.req("TASK-FR-058", "RUN-FR-012")
async def test_it_becomes_ready_when_the_schema_is_current(start_app: StartApp, new_database: NewDatabase) -> None:
    url = await new_database(migrated=False)
    http = client(await start_app(database_url=url))
    assert (await http.get("/ready")).status_code == 503
    await asyncio.to_thread(migrations.upgrade, DatabaseUrl.parse(url))
    assert (await http.get("/ready")).status_code == 200
    await asyncio.to_thread(migrations.downgrade, DatabaseUrl.parse(url), "base")
    refusal = await http.get("/ready")
    assert refusal.status_code == 503
    assert "python -m src migrate" in refusal.json()["detail"]
