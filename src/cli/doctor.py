"""`python -m src doctor`: check an installation."""

import asyncio

import typer

from src.doctor import run_checks


def doctor() -> None:
    """Check the settings, the database and the sources of tokens, and say what to mend. Changes nothing."""
    if not asyncio.run(_is_sound()):
        raise SystemExit(1)


async def _is_sound() -> bool:
    sound = True
    async for finding in run_checks():
        typer.echo(str(finding))
        sound = sound and finding.level != "FAILED"
    return sound
