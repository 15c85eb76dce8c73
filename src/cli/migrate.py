"""`python -m src migrate`: bring the database to the schema of this version."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from src.config import load_settings
from src.db import migrations
from src.db.url import DatabaseUrl


def migrate(
    *, check: Annotated[bool, typer.Option("--check", help="Only tell whether there is something to do.")] = False
) -> None:
    """Bring the database to the schema that this version needs. Safe to run from several places at once."""
    url = load_settings().migration_url
    if not check:
        upgrade(url)
    with _one_sentence():
        migrations.check(url)
    typer.echo(f"The database is at revision {migrations.head()}.")


def upgrade(url: DatabaseUrl) -> None:
    """Run all migrations.

    Raises:
        SystemExit: One fails; the sentence says why.
    """
    with _one_sentence():
        migrations.upgrade(url)


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except migrations.MigrationError as error:
        raise SystemExit(str(error)) from None
