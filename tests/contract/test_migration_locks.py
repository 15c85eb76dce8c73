"""Every migration after the first runs while the previous version serves, so squawk checks its SQL for locks."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from src.db import schema_version

_ROOT = Path(__file__).parents[2]
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "test"
down_revision = "{}"


def upgrade():
    {}
"""

_CONCURRENTLY = """with op.get_context().autocommit_block():
        op.create_index('i', 'tasks', ['title'], postgresql_concurrently=True, if_not_exists=True)"""


@pytest.mark.req("RUN-FR-040")
def test_no_migration_stops_the_version_before_it() -> None:
    assert complaints(_sql()) == ""


@pytest.mark.req("RUN-FR-040")
@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("op.create_index('i', 'tasks', ['user_id', 'title'])", "require-concurrent-index-creation"),
        ("op.drop_index('i', 'tasks')", "require-concurrent-index-deletion"),
        (
            "op.add_column('tasks', sa.Column('a', sa.DateTime(), server_default=sa.text('clock_timestamp()')))",
            "adding-field-with-default",
        ),
        ("op.add_column('tasks', sa.Column('a', sa.Text(), sa.Computed('title')))", "adding-field-with-default"),
        ("op.add_column('tasks', sa.Column('a', sa.Text(), nullable=False))", "adding-required-field"),
        ("op.alter_column('tasks', 'description', nullable=False)", "adding-not-nullable-field"),
        ("op.create_check_constraint('c', 'tasks', 'id > 0')", "constraint-missing-not-valid"),
        ("op.create_unique_constraint('c', 'tasks', ['user_id', 'title'])", "disallowed-unique-constraint"),
        ("op.alter_column('tasks', 'title', type_=sa.Text())", "changing-column-type"),
        ("op.drop_column('tasks', 'title')", "ban-drop-column"),
        ("op.alter_column('tasks', 'title', new_column_name='name')", "renaming-column"),
        ("op.rename_table('tasks', 'things')", "renaming-table"),
    ],
)
def test_locking_and_breaking_statements_are_found(tmp_path: Path, statement: str, rule: str) -> None:
    assert rule in complaints(_sql_of(tmp_path, statement))


@pytest.mark.req("RUN-FR-040")
@pytest.mark.parametrize(
    "statement",
    [
        "op.add_column('tasks', sa.Column('a', sa.Text()))",
        "op.add_column('tasks', sa.Column('a', sa.Boolean(), server_default=sa.false(), nullable=False))",
        "op.execute('ALTER TABLE tasks ADD CONSTRAINT c CHECK (id > 0) NOT VALID')",
        "op.create_table('things', sa.Column('id', sa.BigInteger(), primary_key=True, autoincrement=False))",
        _CONCURRENTLY,
        "op.execute('-- squawk-ignore ban-drop-column\\nALTER TABLE tasks DROP COLUMN title')",
    ],
)
def test_expanding_statements_are_accepted(tmp_path: Path, statement: str) -> None:
    assert complaints(_sql_of(tmp_path, statement)) == ""


def complaints(sql: str) -> str:
    """Return the complaints of squawk, one a line; empty if it has none."""
    command_line = ["squawk", "--config", str(_ROOT / ".squawk.toml"), "--reporter=gcc"]
    judged = subprocess.run(command_line, input=sql, capture_output=True, text=True, timeout=30, check=False)
    assert judged.returncode in {0, 1}, judged.stderr
    return judged.stdout


def _sql(*more: Path) -> str:
    """Return the SQL of the migrations after the first."""
    output = StringIO()
    config = Config(_ROOT / "alembic.ini", output_buffer=output)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, (_ROOT / "alembic" / "versions", *more))))
    command.upgrade(config, "0001:heads", sql=True)
    return output.getvalue()


def _sql_of(folder: Path, statement: str) -> str:
    (folder / "test_migration.py").write_text(_MIGRATION.format(schema_version.head(), statement))
    return _sql(folder)
