"""Alembic, driven from Python: the same scripts as `alembic upgrade head`, against a URL as it was pasted."""

from functools import cache
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from src.db.url import DatabaseUrl

_INI = Path(__file__).parents[2] / "alembic.ini"


@cache
def head() -> str | None:
    """The revision that the code needs."""
    return ScriptDirectory.from_config(Config(_INI)).get_current_head()


def upgrade(url: DatabaseUrl, revision: str = "head") -> None:
    """Bring the schema to a revision; several processes may do this at once, one works and the others wait."""
    command.upgrade(_config(url), revision)


def downgrade(url: DatabaseUrl, revision: str) -> None:
    """Take the schema back to a revision."""
    command.downgrade(_config(url), revision)


def difference(url: DatabaseUrl) -> str | None:
    """What the tables in `src.models` have that the database has not, in a sentence; None when they agree."""
    try:
        command.check(_config(url))
    except CommandError as error:
        return str(error)
    return None


def _config(url: DatabaseUrl) -> Config:
    config = Config(_INI, stdout=StringIO())
    config.attributes["url"] = url
    return config
