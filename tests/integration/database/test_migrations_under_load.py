"""Migrations while the service runs: the locks they wait for, the locks they hold, and interrupted runs."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from src.db import migrations, schema_version
from src.db.migrations import MigrationError
from tests.conftest import Connection
from tests.support import programs
from tests.support.commands import ROOT, python
from tests.support.lock_helpers import reached, uncommitted, waiting
from tests.support.pgbouncer import pgbouncer, through
from tests.support.schema_probe import Migrated
from tests.support.tokens import SECRET

type Run = subprocess.Popen[str]

_OPEN = """
    INSERT INTO users (id) VALUES ('somebody');
    INSERT INTO tasks (user_id, title, created_at, updated_at, revision) VALUES ('somebody', 'x', now(), now(), 1)
"""
_BUILDING = "FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()"
_LEFT = "SELECT count(*) FROM pg_settings WHERE source = 'session' AND name LIKE '%timeout'"
_LATER_MIGRATION = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    with op.get_context().autocommit_block():
        _drop()  # an interrupted run leaves an invalid index
        op.create_index("tasks_title_idx", "tasks", ["user_id", "title"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        _drop()


def _drop():
    op.drop_index("tasks_title_idx", "tasks", if_exists=True, postgresql_concurrently=True)
"""
_MIGRATE = """
import sys
from pathlib import Path

from src.cli import command_line
from src.db import migrations, schema_version

migrations._INI = Path(sys.argv.pop(1))
schema_version._FOLDERS.append(migrations._INI.parent)
migrations.check = lambda url: None  # the models do not describe the index
command_line()()
"""


@pytest.fixture
def later_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Alembic's configuration with a second migration, which builds an index concurrently."""
    (tmp_path / "0002_later.py").write_text(_LATER_MIGRATION)
    ini = tmp_path / "alembic.ini"
    versions = f"path_separator = newline\nversion_locations =\n    {ROOT}/alembic/versions\n    {tmp_path}"
    settings = (ROOT / "alembic.ini").read_text().replace("%(here)s", str(ROOT))
    ini.write_text(settings.replace("path_separator = os", versions))
    monkeypatch.setattr(migrations, "_INI", ini)
    return ini


@pytest.mark.req("RUN-FR-039")
async def test_a_migration_does_not_queue_behind_a_long_lock(database: Migrated) -> None:
    await database.up()
    first = await database.schema()
    async with uncommitted(database.url, "LOCK TABLE tasks IN ACCESS SHARE MODE"):
        with pytest.raises(MigrationError, match=r"longer than .* \(lock timeout\): run it again$"):
            await database.down()
    assert await database.schema() == first
    await database.down()


@pytest.mark.req("RUN-FR-039")
@pytest.mark.usefixtures("later_migration")
async def test_a_concurrent_index_build_waits_for_open_transactions_and_blocks_no_writer(database: Migrated) -> None:
    await database.up("0001")
    async with uncommitted(database.url, _OPEN):
        building = asyncio.create_task(database.up())
        await reached(lambda: waiting(database.url) == 1)
        await asyncio.wait_for(database.connection.execute(_OPEN.replace("somebody", "another")), 2)
        await asyncio.sleep(3.5)  # longer than a lock is waited for
        assert not building.done()
    await building
    assert "tasks_title_idx" in str(await database.schema("tasks"))
    assert "INVALID" not in str(await database.schema("tasks"))


def lose_connection(_: Run, url: str) -> None:
    programs.sql(url, f"SELECT pg_terminate_backend(pid) {_BUILDING}")


def kill(run: Run, _: str) -> None:
    run.kill()  # the server notices the closed connection only when its statement ends


def migrate(folder: Path, url: str, *program: str) -> Run:
    command = python(*(program or ("-m", "src")), "migrate", DATABASE_URL=url, BETTER_AUTH_SECRET=SECRET)
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.req("RUN-FR-036")
async def test_runs_that_were_interrupted_are_completed_by_the_next(
    database: Migrated, another_database: Migrated, later_migration: Path
) -> None:
    await another_database.up()
    await database.up("0001")
    folder, program = later_migration.parent, ("-c", _MIGRATE, str(later_migration))
    async with uncommitted(database.url, _OPEN):
        for interrupt in (lose_connection, kill):
            with migrate(folder, database.url, *program) as run:
                await reached(lambda: waiting(database.url) == 1)
                await asyncio.to_thread(interrupt, run, database.url)
                output = run.communicate(timeout=20)[0]
            assert run.returncode
            assert output.count("\n") == (interrupt is lose_connection)
        assert "INVALID" in str(await database.schema("tasks"))
        last = migrate(folder, database.url, *program)
        await asyncio.sleep(3)
        assert last.poll() is None
    output = (await asyncio.to_thread(last.communicate, timeout=20))[0]
    assert (last.returncode, output) == (0, "The database is at revision 0002.\n")
    assert await database.schema() == await another_database.schema()


@pytest.mark.req("RUN-FR-037")
@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="PgBouncer is not installed")
async def test_migrations_go_through_a_pooler_and_leave_nothing_behind(database: Migrated, tmp_path: Path) -> None:
    with pgbouncer(database.url, pool_size=2, forgets=False) as folder:
        pooled = Migrated(through(folder, database.url), database.connection)
        await pooled.up()
        await pooled.down()
        await pooled.up()
        assert await pooled.difference() is None
        for _ in range(2):  # each names its statements as the other does
            with migrate(tmp_path, pooled.url) as run:
                output = (await asyncio.to_thread(run.communicate, timeout=20))[0]
            assert (run.returncode, output) == (0, f"The database is at revision {schema_version.head()}.\n")
        async with both_sessions(pooled.url) as sessions:
            assert [await session.fetchval(_LEFT) for session in sessions] == [0, 0]


@asynccontextmanager
async def both_sessions(url: str) -> AsyncIterator[list[Connection]]:
    """Two connections that have a session each of the pooler's two, as both are in a transaction."""
    sessions: list[Connection] = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(2)]
    for session in sessions:
        await session.execute("BEGIN")
    assert len({await session.fetchval("SELECT pg_backend_pid()") for session in sessions}) == 2
    yield sessions
    for session in sessions:
        await session.close()
