"""The command line: `python -m src --help`."""

import asyncio
import json
import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

import typer
from pydantic import SecretStr

from src.app import create_app
from src.auth.inspection import Finding, inspect
from src.config import NO_DATABASE, Settings, is_set, load_settings
from src.db import migrations
from src.db.errors import describe
from src.db.url import DatabaseUrl
from src.development.settings import development_database, development_settings
from src.development.tokens import mint
from src.doctor import examine
from src.errors import ServiceUnavailable
from src.logs import configure_logging
from src.parts import create_database, create_verifier
from src.server.run import run
from src.services.purge import purge_answers, purge_trash
from src.services.readiness import Readiness

_SNAPSHOT = Path("specs/001-tasks/contracts/openapi.json")
_SECRETS = ("BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS")
_TOKEN_SOURCES = (*_SECRETS, "BETTER_AUTH_URL", "BETTER_AUTH_JWKS_URL")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The task API.")


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    *,
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = True,
) -> None:
    """Serve for development, with all that is needed: PostgreSQL, migrations, a secret and a token to try it with.

    What the environment or .env sets is used instead, such as DATABASE_URL, BETTER_AUTH_SECRET or BETTER_AUTH_URL.
    """
    with development_database():
        settings = development_settings()
        with _one_sentence():
            migrations.upgrade(settings.migration_url)
        _print_how_to_try(settings, f"http://{host}:{port}")
        run(host, port, reload=reload, reload_dirs=["src"] if reload else None)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int | None, typer.Option(help="How many processes; else WEB_CONCURRENCY says it, or one.", min=1)
    ] = None,
    connections: Annotated[
        int, typer.Option(help="How many connections each process keeps; 'ulimit -n' must allow some more.", min=1)
    ] = 800,
) -> None:
    """Serve in production, with bounds on what hostile and slow clients can do.

    After SIGTERM, /ready answers 503 for SHUTDOWN_DELAY seconds; then what has begun is answered, and the process ends.
    """
    settings = load_settings()  # what is wrong with them is said once, and not by each process
    configure_logging(form=settings.log_form, level=settings.log_level)  # for the process that watches over the others
    run(host, port, workers=workers, limit_concurrency=connections, access_log=False, log_config=None)


@app.command()
def migrate(
    *, check: Annotated[bool, typer.Option("--check", help="Only tell whether there is something to do.")] = False
) -> None:
    """Bring the database to the schema that this version needs. Safe to run from several places at once."""
    url = load_settings().migration_url
    with _one_sentence():
        if not check:
            migrations.upgrade(url)
        migrations.check(url)
    typer.echo(f"The database is at revision {migrations.head()}.")


@app.command()
def purge() -> None:
    """Delete for good what has been in the trash for TRASH_RETENTION_DAYS, and old answers. Run it once a day."""
    logging.disable(logging.WARNING)  # the sentence says it
    count = asyncio.run(_purge(load_settings()))
    typer.echo(f"Deleted for good: {count} task{'' if count == 1 else 's'}.")


@app.command()
def doctor() -> None:
    """Check the settings, the database and the sources of tokens, and say what to mend. Changes nothing."""
    if not asyncio.run(_is_sound()):
        raise SystemExit(1)


@app.command()
def token(
    user_id: Annotated[str, typer.Argument(help="The user that the token is for.")] = "dev-user",
    *,
    inspecting: Annotated[
        bool, typer.Option("--inspect", help="Read a token from standard input instead, and say what is wrong with it.")
    ] = False,
) -> None:
    """Print a token for a user, valid for a day. For development only: in production Better Auth makes them."""
    if inspecting:
        _inspect(sys.stdin.read().strip().removeprefix("Bearer "))
    else:
        if any(map(is_set, _SECRETS)) and not is_set("ENVIRONMENT"):
            raise SystemExit("To sign with the secret that is set, set ENVIRONMENT=development, too.")
        _print_token(development_settings(database_url=NO_DATABASE), user_id)


@app.command()
def openapi(
    *, check: Annotated[bool, typer.Option("--check", help="Only tell whether the snapshot is current.")] = False
) -> None:
    """Write the OpenAPI document to the specs, where clients are generated from and changes are reviewed."""
    settings = Settings.model_construct(  # whatever the environment says
        database_url=DatabaseUrl.parse(NO_DATABASE), better_auth_secret=SecretStr(token_urlsafe(32))
    )
    text = json.dumps(create_app(settings).openapi(), indent=2, ensure_ascii=False) + "\n"
    if not check:
        _SNAPSHOT.parent.mkdir(parents=True, exist_ok=True)
        _SNAPSHOT.write_text(text)
    elif not _SNAPSHOT.exists() or _SNAPSHOT.read_text() != text:
        raise SystemExit(f"{_SNAPSHOT} is not what the application documents; run 'python -m src openapi'.")
    typer.echo(f"{_SNAPSHOT} is current.")


async def _purge(settings: Settings) -> int:
    try:
        async with create_database(settings) as database:
            await Readiness(database).check()
            await purge_answers(database)
            return await purge_trash(database, timedelta(days=settings.trash_retention_days))
    except ServiceUnavailable as error:
        why = describe(error.__cause__) if error.__cause__ else error.detail
        raise SystemExit(f"The trash is not purged: {why}") from None


async def _is_sound() -> bool:
    sound = True
    async for finding in examine():
        typer.echo(str(finding))
        sound = sound and finding.level != "FAILED"
    return sound


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except migrations.MigrationError as error:
        raise SystemExit(str(error)) from None


def _print_how_to_try(settings: Settings, base: str) -> None:
    words = ["curl", "-i", f"{base}/api/dev-user/tasks", "-H", f"Authorization: Bearer {mint(settings, 'dev-user')}"]
    words += ["-H", "Content-Type: application/json", "-d", '{"title": "Buy milk"}']
    typer.echo(f"\nDocumentation: {base}/docs\n\nCreate a task:\n\n{shlex.join(words)}\n")


def _print_token(settings: Settings, user_id: str) -> None:
    minted = mint(settings, user_id)
    for finding in asyncio.run(_findings(settings, minted)):
        if not finding.passed:
            raise SystemExit(f"The API would refuse this token: {finding.explanation}.")
    typer.echo(minted)


def _inspect(text: str) -> None:
    settings = (load_settings if any(map(is_set, _TOKEN_SOURCES)) else development_settings)(database_url=NO_DATABASE)
    findings = asyncio.run(_findings(settings, text))
    for finding in findings:
        typer.echo(f"{'ok    ' if finding.passed else 'FAILED'}  {finding.check}: {finding.explanation}")
    if not all(finding.passed for finding in findings):
        raise SystemExit("The API refuses this token.")
    typer.echo("The API accepts this token.")


async def _findings(settings: Settings, text: str) -> list[Finding]:
    async with aclosing(create_verifier(settings)) as verifier:
        return await inspect(verifier, text)


if __name__ == "__main__":
    app()
