"""Inject faults under load and report broken guarantees: `python -m tests.faults`."""

import asyncio
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from src.app import create_app
from src.config import load_settings
from src.db import migrations
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres
from tests.faults.durability import Writer
from tests.faults.kill_rounds import (
    Round,
    kill_everything_under_load,
    kill_the_database_under_load,
    restart_the_database_under_load,
)
from tests.faults.lock_rounds import Lock, lock_owners
from tests.support.tokens import SECRET

_BACK_WITHIN = {kill_everything_under_load: 3, kill_the_database_under_load: 10, restart_the_database_under_load: 10}
"""Seconds."""
_HEADING = "round  fault                acknowledged  lost  duplicates  failures  back after"


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often everything, or the database, is ended.")] = 20,
    clients: Annotated[int, typer.Option(min=1, help="How many write at once.")] = 4,
    seconds: Annotated[int, typer.Option(min=5, help="How long rows are locked.")] = 20,
) -> None:
    """Kill everything, and the database alone, under write load; lock rows; exit with 1 if a guarantee was broken."""
    with TemporaryDirectory() as folder:
        soundness = _end_again_and_again(Path(folder), rounds, [Writer() for _ in range(clients)])
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrations.upgrade(DatabaseUrl.parse(server.url))
        lock = asyncio.run(_lock(server.url, seconds))
    typer.echo(_sentences(lock, seconds))
    if not (all(soundness) and lock.is_sound):
        raise typer.Exit(1)


def _end_again_and_again(folder: Path, rounds: int, writers: list[Writer]) -> list[bool]:
    typer.echo(_HEADING)
    return [
        _end(number, fault, within, folder, writers)
        for number, (fault, within) in enumerate(islice(cycle(_BACK_WITHIN.items()), rounds), start=1)
    ]


def _end(
    number: int, fault: Callable[[Path, list[Writer]], Round], within: float, folder: Path, writers: list[Writer]
) -> bool:
    result = fault(folder, writers)
    figures = f"{result.acknowledged:>12}  {result.lost:>4}  {result.duplicates:>10}  {result.failures:>8}"
    typer.echo(f"{number:>5}  {result.fault:<19}  {figures}  {result.back_seconds:>8.2f} s")
    return result.is_sound and result.back_seconds < within


async def _lock(url: str, seconds: float) -> Lock:
    app = create_app(load_settings(_env_file=None, environment="test", database_url=url, better_auth_secret=SECRET))
    async with app.router.lifespan_context(app):
        return await lock_owners(app, url, seconds)


def _sentences(lock: Lock, seconds: float) -> str:
    return (
        f"six owners locked for {seconds} s: they got {dict(lock.locked)}, others {dict(lock.others)}, "
        f"the slowest after {lock.slowest:.2f} s\n"
        f"from a second later: {dict(lock.afterwards)}, the slowest after {lock.slowest_afterwards:.2f} s"
    )


if __name__ == "__main__":
    typer.run(main)
