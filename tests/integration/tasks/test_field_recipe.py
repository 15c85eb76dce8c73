"""The recipe "Add a field" of CONTRIBUTING.md, followed in a copy of the repository: its files are enough."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from src.db.schema_version import head
from tests.support.commands import ROOT, python

pytestmark = pytest.mark.slow

DECLARING = ("src/schemas/task.py", "src/models/task.py", "tests/support/task_values.py")
"""The files that declare each member of a task."""

CLIENT = "clients/typescript/src/stored-copy.ts"
"""Its stored tasks have the members of the contract."""

DESCRIBING = {"alembic/versions/", "tests/integration/tasks/test_fields.py", "specs/001-tasks/spec.md"}

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("notes", sa.String(10_000), nullable=True))
"""


_VARIANTS = ("TEST_DATABASE_POOLER", "TEST_DATABASE_PARTITIONED")
"""The variables for tests on other databases, which the copy does not need."""

PROOF = ("tests/integration/tasks/test_task_members.py", "tests/contract/test_task_values.py")
"""The tests that fail where a member is forgotten."""


def copy_repository(folder: Path) -> None:
    for name in ("src", "tests", "alembic", "specs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("node_modules"))
    for name in ("alembic.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)


def declare_notes(path: Path) -> None:
    """Declare `notes` beside each declaration of `description`."""
    declaration = re.compile(r'^    "?description"?: .*\n', re.MULTILINE)
    text = declaration.sub(lambda line: line[0] + line[0].replace("description", "notes"), path.read_text())
    path.write_text(text)


def run_in(folder: Path, server_url: str, *arguments: str) -> str:
    """Run Python on the copy, without measuring coverage, because the report would count each file twice."""
    environment = {"PYTHONPATH": str(folder), "TEST_DATABASE_URL": server_url} | dict.fromkeys(_VARIANTS, "")
    command = ["env", "-u", "COVERAGE_PROCESS_CONFIG", *python(*arguments, **environment)]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_new_member_takes_the_files_of_the_recipe_and_no_others(tmp_path: Path, server_url: str) -> None:
    copy_repository(tmp_path)
    for name in DECLARING:
        declare_notes(tmp_path / name)
    (tmp_path / "alembic/versions/next.py").write_text(MIGRATION.format(head=head()))
    run_in(tmp_path, server_url, "-m", "src", "openapi")
    tested = run_in(tmp_path, server_url, "-m", "pytest", "-n0", "-v", "-x", "-p", "no:cacheprovider", *PROOF)
    assert "[notes-PATCH] PASSED" in tested


def test_the_recipe_names_all_files() -> None:
    recipe = re.search(
        r"^### Add a field\n\n(.*?)\n\n", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert recipe is not None
    assert set(re.findall(r"`(\w+/[\w/.-]+)`", recipe[1])) == {*DECLARING, *DESCRIBING, CLIENT}
