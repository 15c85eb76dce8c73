"""`python -m src purge`: remove old tasks from the trash, old tombstones and expired idempotency records."""

import asyncio
import logging
from datetime import timedelta

import typer

from src.app.components import create_database
from src.config import Settings, load_settings_without_tokens
from src.db.errors import describe
from src.errors.server import ServiceUnavailable
from src.services.purge import purge_expired_records, purge_trash
from src.services.readiness import check_readiness


def purge() -> None:
    """Remove old tasks from the trash, old tombstones, and expired idempotency records. Run it once a day.

    Tasks that have been in the trash, and tombstones of permanently deleted tasks, are old after TRASH_RETENTION_DAYS.
    """
    logging.disable(logging.WARNING)  # the command itself reports a failure
    count = asyncio.run(_purge(load_settings_without_tokens()))
    typer.echo(f"Purged {count} task{'' if count == 1 else 's'}.")


async def _purge(settings: Settings) -> int:
    try:
        async with create_database(settings) as database:
            await check_readiness(database)
            await purge_expired_records(database)
            return await purge_trash(database, timedelta(days=settings.trash_retention_days))
    except ServiceUnavailable as error:
        why = describe(error.__cause__) if error.__cause__ else error.detail
        raise SystemExit(f"The trash was not purged: {why}") from None
