"""`python -m src user`: export, erase or move all data of a user."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Annotated

import typer

from src.app.components import create_quota
from src.config import Settings, load_settings_without_tokens
from src.db.errors import describe
from src.db.long_transaction import long_transaction
from src.errors.client import QuotaExceeded
from src.errors.server import ServiceUnavailable
from src.services.readiness import check_readiness
from src.services.user_data.service import erase_user, export_user, move_tasks

user = typer.Typer(no_args_is_help=True, help="Export, erase or move all data of a user.")

UserId = Annotated[str, typer.Argument(help="The user's id in Better Auth.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation, for scripts.")]


@user.command()
def export(user_id: UserId) -> None:
    """Write all data of a user as JSON to standard output: the settings and all tasks, with those in the trash."""
    _run(_export(load_settings_without_tokens(), user_id), "The export is incomplete")


@user.command()
def erase(user_id: UserId, *, yes: Yes = False) -> None:
    """Erase all data of a user: tasks, settings and stored responses. What Better Auth stores about the user stays.

    Delete the account in Better Auth first, because a client with a valid token could create new tasks.
    """
    _confirm(f"Erase all tasks of {user_id}? They cannot be restored.", yes=yes)
    count = _run(_erase(load_settings_without_tokens(), user_id), "Nothing was erased")
    typer.echo(f"Erased {_tasks(count)}.")


@user.command()
def move(
    sender: Annotated[str, typer.Argument(help="The id of the user that has the tasks.")],
    receiver: Annotated[str, typer.Argument(help="The id of the user that gets the tasks.")],
    *,
    yes: Yes = False,
) -> None:
    """Move all tasks of a user to another one, such as from an anonymous user to the account that is linked to it."""
    if sender == receiver:
        raise SystemExit("Nothing was moved: the two users are the same.")
    _confirm(f"Move all tasks of {sender} to {receiver}?", yes=yes)
    count = _run(_move(load_settings_without_tokens(), sender, receiver), "Nothing was moved")
    typer.echo(f"Moved {_tasks(count)}.")


async def _export(settings: Settings, user_id: str) -> None:
    async with long_transaction(settings.migration_url, "ISOLATION LEVEL REPEATABLE READ, READ ONLY") as transaction:
        await check_readiness(transaction)
        async for part in export_user(transaction, user_id):
            typer.echo(part, nl=False)


async def _erase(settings: Settings, user_id: str) -> int:
    async with long_transaction(settings.migration_url) as transaction:
        await check_readiness(transaction)
        return await erase_user(transaction, user_id)


async def _move(settings: Settings, sender: str, receiver: str) -> int:
    async with long_transaction(settings.migration_url) as transaction:
        await check_readiness(transaction)
        return await move_tasks(transaction, sender, receiver, create_quota(settings))


def _run[Result](work: Coroutine[object, object, Result], failure: str) -> Result:
    logging.disable(logging.WARNING)  # the command itself reports a failure
    try:
        return asyncio.run(work)
    except ServiceUnavailable as error:
        why = describe(error.__cause__) if error.__cause__ else error.detail
    except (QuotaExceeded, TimeoutError) as error:
        why = str(error) or "the database does not respond."
    raise SystemExit(f"{failure}: {why}")


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _tasks(count: int) -> str:
    return f"{count} task{'' if count == 1 else 's'}"
