"""Kill servers under write load and print what became of the writes: `python -m tests.faults`."""

from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.faults.durability import Writer
from tests.faults.killing import Round, kill_everything_under_load, kill_the_database_under_load

_FAULTS = (kill_everything_under_load, kill_the_database_under_load)
_HEADING = "round  killed        acknowledged  lost  duplicates  failures  back after"


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often something is killed.")] = 20,
    clients: Annotated[int, typer.Option(min=1, help="How many write at once.")] = 4,
) -> None:
    """Kill everything, and the database alone, in turns; end with 1 where a client was told something wrong."""
    typer.echo(_HEADING)
    with TemporaryDirectory() as folder:
        writers = [Writer() for _ in range(clients)]
        results = []
        for number, fault in enumerate(islice(cycle(_FAULTS), rounds), start=1):
            results.append(fault(Path(folder), writers))
            typer.echo(_line(number, results[-1]))
    if not all(result.is_sound for result in results):
        raise typer.Exit(1)


def _line(number: int, result: Round) -> str:
    figures = f"{result.acknowledged:>12}  {result.lost:>4}  {result.duplicates:>10}  {result.failures:>8}"
    return f"{number:>5}  {result.killed:<12}  {figures}  {result.back_seconds:>8.2f} s"


if __name__ == "__main__":
    typer.run(main)
