"""`python -m src doctor`: check an installation."""

import asyncio

import typer

from src.doctor import run_checks


def doctor() -> None:
    """Check the settings, the database and the token sources, and say how to fix problems. Changes nothing."""
    if not asyncio.run(_run()):
        raise SystemExit(1)


async def _run() -> bool:
    passed = True
    async for finding in run_checks():
        typer.echo(str(finding))
        passed = passed and finding.level != "FAILED"
    return passed
