"""`python -m src migrate`: run the migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from src.config import load_migration_url
from src.db import migrations
from src.db.schema_version import head
from src.db.url import DatabaseUrl


def migrate(
    *, check: Annotated[bool, typer.Option("--check", help="Only check whether migrations are pending.")] = False
) -> None:
    """Migrate the database to the schema of this version. Safe to run several times at once."""
    url = load_migration_url()
    if not check:
        upgrade(url)
    with _one_sentence():
        migrations.check(url)
    typer.echo(f"The database is at revision {head()}.")


def upgrade(url: DatabaseUrl) -> None:
    """Run all pending migrations.

    Raises:
        SystemExit: A migration fails; the message says why.
    """
    with _one_sentence():
        migrations.upgrade(url)


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except migrations.MigrationError as error:
        raise SystemExit(str(error)) from None
