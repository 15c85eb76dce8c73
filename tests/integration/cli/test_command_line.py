"""The commands of `python -m src`: effects, output and refusals. `dev` has tests of its own."""

import asyncio
import inspect
import json
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from src.cli import command_line
from src.db import schema_version
from tests.conftest import NewDatabase, StartApp, client
from tests.support.commands import assert_one_sentence, invoke, run
from tests.support.lock_helpers import connected, reached, uncommitted, waiting
from tests.support.programs import sql
from tests.support.tokens import SECRET

_UNREACHABLE = {"DATABASE_URL": "postgresql://somebody:hunter2@127.0.0.1:9/tasks", "BETTER_AUTH_SECRET": SECRET}
_CHOSEN = {"ENVIRONMENT": "development", "BETTER_AUTH_SECRET": SECRET}
_STRICT = _CHOSEN | {
    "BETTER_AUTH_URL": "http://localhost:3000",
    "BETTER_AUTH_REQUIRE_ISSUER_AND_AUDIENCE": "true",
    "BETTER_AUTH_USER_ID_CLAIM": "id",
    "BETTER_AUTH_SECRETS": f"2:{SECRET[::-1]}",
}
_COMMANDS = get_command(command_line()).commands  # type: ignore[attr-defined]  # several commands make it a group


@pytest.mark.req("RUN-FR-029")
@pytest.mark.parametrize("name", _COMMANDS)
def test_help_explains_the_command_and_each_option(name: str) -> None:
    shown = CliRunner().invoke(command_line(), [name, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert shown.exit_code == 0
    command = _COMMANDS[name]
    assert inspect.cleandoc(str(command.help)).partition("\n")[0] in shown.output
    for parameter in command.params:
        assert parameter.help in shown.output


@pytest.mark.req("RUN-FR-029")
def test_help_lists_the_commands(tmp_path: Path) -> None:
    shown = run(tmp_path, "-m", "src", "--help")
    assert shown.returncode == 0
    assert all(f" {name} " in shown.stdout for name in _COMMANDS)


@pytest.mark.req("RUN-FR-002")
def test_serve_names_missing_settings_once(tmp_path: Path) -> None:
    assert_one_sentence(run(tmp_path, "-m", "src", "serve", "--workers=2"), "DATABASE_URL is missing")


@pytest.fixture
async def empty_database(new_database: NewDatabase) -> str:
    return await new_database(migrated=False)


@pytest.mark.req("RUN-FR-011", "RUN-FR-026")
def test_migrate_upgrades_the_schema_and_checks_whether_it_is_current(tmp_path: Path, empty_database: str) -> None:
    settings = {"DATABASE_URL": _UNREACHABLE["DATABASE_URL"], "DATABASE_URL_UNPOOLED": empty_database}
    assert_one_sentence(invoke(tmp_path, "migrate", "--check", **settings), "not up to date")
    assert sql(empty_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    for option in ([], ["--check"]):
        migrated = invoke(tmp_path, "migrate", *option, **settings)
        assert (migrated.returncode, migrated.stderr) == (0, "")
        assert migrated.stdout == f"The database is at revision {schema_version.head()}.\n"
    sql(empty_database, "ALTER TABLE tasks DROP COLUMN due_date")
    assert_one_sentence(invoke(tmp_path, "migrate", "--check", **settings), "due_date")


@pytest.mark.req("RUN-FR-026")
async def test_migrate_may_run_several_times_concurrently(tmp_path: Path, empty_database: str) -> None:
    settings = {"DATABASE_URL": empty_database, "BETTER_AUTH_SECRET": SECRET}
    async with asyncio.TaskGroup() as group, uncommitted(empty_database, "CREATE TABLE alembic_version ()"):
        replicas = [
            group.create_task(asyncio.to_thread(run, tmp_path, "-m", "src", "migrate", **settings)) for _ in range(2)
        ]
        await reached(lambda: connected(empty_database) == 1 + 2 * len(replicas))
        assert waiting(empty_database) == 1  # the other does not hold the lock
    assert [replica.result().returncode for replica in replicas] == [0, 0]
    assert sql(empty_database, "SELECT string_agg(version_num, ' ') FROM alembic_version") == schema_version.head()


@pytest.mark.req("RUN-FR-002", "RUN-FR-003")
@pytest.mark.parametrize("option", [[], ["--check"]])
def test_a_database_that_cannot_be_reached_is_one_sentence(tmp_path: Path, option: list[str]) -> None:
    ended = invoke(tmp_path, "migrate", *option, **_UNREACHABLE)
    assert_one_sentence(ended, "The database cannot be reached")


@pytest.mark.req("RUN-FR-002")
def test_a_database_that_does_not_exist_is_one_sentence(tmp_path: Path, empty_database: str) -> None:
    absent = {"DATABASE_URL": empty_database.replace("/test_", "/absent_"), "BETTER_AUTH_SECRET": SECRET}
    assert_one_sentence(invoke(tmp_path, "migrate", **absent), "does not exist")


@pytest.mark.req("RUN-FR-027")
@pytest.mark.parametrize(
    "chosen", [{"BETTER_AUTH_SECRET": SECRET}, _CHOSEN, _STRICT], ids=["a secret", "development", "all"]
)
async def test_token_prints_a_token_that_the_service_accepts(
    tmp_path: Path, start_app: StartApp, chosen: dict[str, str]
) -> None:
    app = await start_app(**{name.lower(): value for name, value in chosen.items()})
    printed = invoke(tmp_path, "token", "user-1", **chosen)
    assert (printed.returncode, printed.stderr) == (0, "")
    http = client(app, headers={"Authorization": f"Bearer {printed.stdout.removesuffix('\n')}"})
    assert (await http.get("/api/user-1/tasks")).status_code == 200
    assert (await http.get("/api/user-2/tasks")).status_code == 403


@pytest.mark.req("RUN-FR-025", "RUN-FR-027")
def test_token_stores_its_secret_readable_by_its_owner_only(tmp_path: Path) -> None:
    secret = tmp_path / ".data" / "better-auth-secret"
    secrets = set()
    for _ in range(2):
        assert invoke(tmp_path, "token", "user-1").returncode == 0
        secrets.add(secret.read_text())
    assert len(secrets) == 1
    assert secret.stat().st_mode & 0o077 == 0


@pytest.mark.req("RUN-FR-027")
def test_token_is_not_for_production(tmp_path: Path) -> None:
    refused = invoke(tmp_path, "token", "user-1", ENVIRONMENT="production", BETTER_AUTH_SECRET=SECRET)
    assert_one_sentence(refused, "ENVIRONMENT is production")


@pytest.mark.req("RUN-FR-028")
def test_openapi_writes_the_contract_and_checks_whether_it_is_current(tmp_path: Path) -> None:
    contract = tmp_path / "specs/001-tasks/contracts/openapi.json"
    assert_one_sentence(invoke(tmp_path, "openapi", "--check"), "run 'python -m src openapi'")
    assert not contract.exists()
    assert invoke(tmp_path, "openapi").returncode == 0
    written = contract.read_text()
    assert "/api/{user_id}/tasks" in json.loads(written)["paths"]
    contract.write_text(written.replace("201", "200"))
    assert_one_sentence(invoke(tmp_path, "openapi", "--check"), "run 'python -m src openapi'")
    assert contract.read_text() != written


@pytest.mark.req("RUN-FR-028")
def test_openapi_is_the_same_in_every_environment(tmp_path: Path) -> None:
    assert invoke(tmp_path, "openapi").returncode == 0
    (tmp_path / ".env").write_text("ENVIRONMENT=development\nLOG_LEVEL=debug\n")
    strange = {
        "LIST_FORMAT": "array",
        "ALLOWED_ORIGINS": "*",
        "BETTER_AUTH_REQUIRE_ISSUER_AND_AUDIENCE": "true",
        "DATABASE_URL": "x",
    }
    current = run(tmp_path, "-m", "src", "openapi", "--check", LC_ALL="C", **strange)
    assert (current.returncode, current.stderr) == (0, "")
