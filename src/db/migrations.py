"""Run Alembic's migrations from Python, against a `DatabaseUrl`."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from src.db.url import DatabaseUrl

_INI = Path(__file__).parents[2] / "alembic.ini"


class MigrationError(RuntimeError):
    """A migration failed, or the schema is not up to date; the message is one sentence."""


def upgrade(url: DatabaseUrl, revision: str = "head") -> None:
    """Upgrade the schema to a revision; of several processes, one migrates and the others wait for the lock.

    Raises:
        MigrationError: The upgrade failed or was interrupted; the next call completes it.
    """
    with _errors_as_sentences():
        command.upgrade(_config(url), revision)


def downgrade(url: DatabaseUrl, revision: str) -> None:
    """Downgrade the schema to a revision.

    Raises:
        MigrationError: As for `upgrade`.
    """
    with _errors_as_sentences():
        command.downgrade(_config(url), revision)


def check(url: DatabaseUrl) -> None:
    """Compare the schema of the database with the tables in `src.models`.

    Raises:
        MigrationError: The database lacks something, or cannot be compared.
    """
    with _errors_as_sentences():
        command.check(_config(url))


@contextmanager
def _errors_as_sentences() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MigrationError(f"The database cannot be reached: {error}") from error
    except (CommandError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationError(_sentence(error)) from error
    except DBAPIError as error:  # SQLAlchemy's wrapper around an error of asyncpg
        raise MigrationError(_sentence((error.orig and error.orig.__cause__) or error)) from error
    except SQLAlchemyError as error:  # Alembic tries to continue on the lost connection
        raise MigrationError(_sentence("the connection was lost, or the run was interrupted: run it again")) from error


def _sentence(reason: object) -> str:
    """Make one sentence, without PostgreSQL's details in further lines, because they may quote rows."""
    if isinstance(reason, asyncpg.LockNotAvailableError):
        reason = "another transaction held a lock for longer than a migration may wait (lock timeout): run it again"
    return f"The database is not migrated: {str(reason).partition('\n')[0]}"


def _config(url: DatabaseUrl) -> Config:
    config = Config(_INI, stdout=StringIO())
    config.attributes["url"] = url
    return config
