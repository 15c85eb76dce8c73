"""Migrations go up and down, create the tables of the models, and leave Better Auth's tables and accounts alone."""

from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, Text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from src.db import schema_version
from src.models import Table
from tests.conftest import StartApp, User
from tests.support.schema_probe import Migrated

_REVISIONS = ScriptDirectory.from_config(Config(Path(__file__).parents[3] / "alembic.ini"))
_OWN_USERS, _SHARED_USERS = (
    (Path(__file__).parent / "better_auth_tables" / f"{name}.sql").read_text() for name in ("own_users", "shared_users")
)
_OWN_TABLES = ("user", "session", "account", "verification", "jwks")


@pytest.mark.req("RUN-FR-030")
async def test_up_down_and_up_again_is_the_same_schema(database: Migrated) -> None:
    await database.up()
    first = await database.schema()
    assert {table for table, *_ in first} >= {"users", "tasks"}
    await database.down()
    assert {table for table, *_ in await database.schema()} == {"users"}
    await database.up()
    assert await database.schema() == first


@pytest.mark.req("RUN-FR-030")
async def test_each_migration_can_be_reverted_and_repeated(database: Migrated) -> None:
    for step in reversed(list(_REVISIONS.walk_revisions())):
        await database.up(step.revision)
        first = await database.schema()
        await database.down("-1")
        assert await database.schema() != first
        await database.up(step.revision)
        assert await database.schema() == first


@pytest.mark.req("RUN-FR-033")
async def test_migrations_create_the_tables_of_the_models(database: Migrated, another_database: Migrated) -> None:
    await database.up()
    await create_all(another_database)
    assert await database.schema() == await another_database.schema()


async def create_all(database: Migrated) -> None:
    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(database.url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    await engine.dispose()


@pytest.mark.req("RUN-FR-033")
async def test_the_check_finds_nothing_after_the_migrations(database: Migrated) -> None:
    assert "not up to date" in str(await database.difference())
    await database.up()
    assert await database.difference() is None


@pytest.mark.req("RUN-FR-033")
@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE tasks",
        "ALTER TABLE tasks DROP COLUMN due_date",
        "ALTER TABLE tasks ALTER description SET NOT NULL",
        "ALTER TABLE tasks ALTER due_date TYPE varchar(100)",
        "ALTER TABLE tasks DROP CONSTRAINT tasks_user_id_fkey",
        "ALTER TABLE users DROP CONSTRAINT users_email_key",
        "ALTER TABLE users ALTER revision DROP DEFAULT",
    ],
)
async def test_the_check_finds_missing_parts_of_the_database(database: Migrated, change: str) -> None:
    await database.up()
    await database.connection.execute(change)
    assert "New upgrade operations detected" in str(await database.difference())


@pytest.mark.req("RUN-FR-033")
async def test_the_check_finds_a_model_without_its_migration(
    database: Migrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.up()
    metadata = MetaData(naming_convention=Table.metadata.naming_convention)
    for table in Table.metadata.sorted_tables:
        table.to_metadata(metadata)
    monkeypatch.setattr(Table, "metadata", metadata)
    assert await database.difference() is None
    metadata.tables["tasks"].append_column(Column("color", Text))
    assert "color" in str(await database.difference())


@pytest.mark.req("RUN-FR-031")
async def test_better_auths_own_tables_stay_as_they_are(database: Migrated) -> None:
    await database.connection.execute(_OWN_USERS)
    before = await better_auths(database)
    await database.up()
    assert await database.difference() is None
    assert await better_auths(database) == before
    await database.down()
    assert await better_auths(database) == before


async def better_auths(database: Migrated) -> tuple[object, ...]:
    return await database.schema(*_OWN_TABLES), *[await database.rows(table) for table in _OWN_TABLES]


@pytest.mark.req("RUN-FR-032")
async def test_users_that_better_auth_created_are_adopted_and_stay(database: Migrated, start_app: StartApp) -> None:
    await database.connection.execute(_SHARED_USERS)
    [account] = await database.rows("users")
    await database.up()
    assert await database.difference() is None
    counters = dict.fromkeys(("revision", "purged_revision", "task_count", "task_bytes"), 0)
    assert await database.rows("users") == [account | counters | {"time_zone": None}]
    app = await start_app(database_url=database.url)
    for owner in (User(app, "test-user-123"), User(app)):
        assert (await owner.create())["user_id"] == owner.id
    await database.down()
    assert account in await database.rows("users")
    assert [len(await database.rows(table)) for table in ("session", "account")] == [1, 1]
    await database.up()
    assert await database.difference() is None


@pytest.mark.req("RUN-FR-030", "RUN-FR-032")
async def test_an_empty_users_table_of_better_auth_stays(database: Migrated) -> None:
    await database.connection.execute(_SHARED_USERS)
    await database.connection.execute("TRUNCATE users CASCADE")
    await database.up()
    await database.down()
    assert ("users", "", "r") in await database.schema()
    await database.up()
    assert await database.difference() is None


@pytest.mark.req("RUN-FR-032")
async def test_better_auth_can_move_in_later(database: Migrated) -> None:
    """Its migrator adds its missing columns."""
    await database.up()
    await database.connection.execute('ALTER TABLE users ADD "role" text, ADD "banned" boolean')
    await database.connection.execute("".join(_SHARED_USERS.partition('create table "session"')[1:]))
    assert await database.difference() is None
    await database.down()
    assert [user["email"] for user in await database.rows("users")] == ["somebody@example.com"]


def test_the_names_of_the_files_have_the_order_of_the_migrations() -> None:
    assert [script.revision for script in _REVISIONS.walk_revisions()][::-1] == schema_version.known_revisions()
