"""Alembic, driven from Python: the same scripts as `alembic upgrade head`, against a URL as it was pasted."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import column, select, table
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from src.db.database import Database
from src.db.statement import Statement
from src.db.url import DatabaseUrl

_INI = Path(__file__).parents[2] / "alembic.ini"
_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))


class MigrationError(RuntimeError):
    """The schema is not what it should be, and the message says why."""


@cache
def head() -> str | None:
    """The revision that the code needs."""
    return _scripts().get_current_head()


async def schema_version(database: Database) -> str | None:
    """The revision of the database; None before the first migration."""
    try:
        row = await database.fetch_row(_VERSION)
    except asyncpg.UndefinedTableError:
        return None
    return None if row is None else str(row["version_num"])


@cache
def is_behind(version: str | None) -> bool:
    """Whether migrations are missing. A revision that this code does not know is of a later version."""
    return version is None or version in {script.revision for script in _scripts().walk_revisions()} - {head()}


def upgrade(url: DatabaseUrl, revision: str = "head") -> None:
    """Bring the schema to a revision; several processes may do this at once, one works and the others wait.

    Raises:
        MigrationError: It cannot be done, or not to its end; the next call completes what this one has begun.
    """
    with _explained():
        command.upgrade(_config(url), revision)


def downgrade(url: DatabaseUrl, revision: str) -> None:
    """Take the schema back to a revision.

    Raises:
        MigrationError: As of `upgrade`.
    """
    with _explained():
        command.downgrade(_config(url), revision)


def check(url: DatabaseUrl) -> None:
    """Return when the database has all that the tables in `src.models` have.

    Raises:
        MigrationError: It has not, or it cannot be told; the message is a sentence.
    """
    with _explained():
        command.check(_config(url))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MigrationError(f"The database cannot be reached: {error}") from error
    except (CommandError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationError(_sentence(error)) from error
    except DBAPIError as error:  # SQLAlchemy's, around one of asyncpg
        raise MigrationError(_sentence((error.orig and error.orig.__cause__) or error)) from error
    except SQLAlchemyError as error:  # Alembic wants to go on where there is no connection any more
        raise MigrationError(_sentence("the connection was lost, or it was interrupted: run it again")) from error


def _sentence(reason: object) -> str:
    """Without the details that PostgreSQL gives in further lines: they may quote rows."""
    if isinstance(reason, asyncpg.LockNotAvailableError):
        reason = "somebody has locked a table for longer than migrations may wait (lock timeout): run it again"
    return f"The database is not migrated: {str(reason).partition('\n')[0]}"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(_INI))


def _config(url: DatabaseUrl) -> Config:
    config = Config(_INI, stdout=StringIO())
    config.attributes["url"] = url
    return config
