"""`python -m src doctor`: check an installation."""

import asyncio

import typer

from src.development.settings import existing_development_database
from src.doctor import run_checks
from src.doctor.findings import ok

_DEVELOPMENT = ok("set-up", "checking the database and secret of 'python -m src dev', because DATABASE_URL is not set")


def doctor() -> None:
    """Check the settings, the database and the token sources, and say how to fix problems. Changes nothing."""
    with existing_development_database() as is_development:
        if is_development:
            typer.echo(str(_DEVELOPMENT))
        if not asyncio.run(_run()):
            raise SystemExit(1)


async def _run() -> bool:
    passed = True
    async for finding in run_checks():
        typer.echo(str(finding))
        passed = passed and finding.level != "FAILED"
    return passed
