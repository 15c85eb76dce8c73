"""`python -m src dev`: serve for development."""

import shlex
from typing import Annotated

import typer

from src.cli.migrate import upgrade
from src.config import Settings
from src.development.settings import development_database, development_settings
from src.development.tokens import mint
from src.server.run import run


def dev(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    *,
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = True,
) -> None:
    """Serve for development, with an embedded PostgreSQL, migrations, a secret and a token to try it with.

    Settings in the environment or .env have precedence, such as DATABASE_URL, BETTER_AUTH_SECRET or BETTER_AUTH_URL.
    """
    with development_database():
        settings = development_settings()
        upgrade(settings.migration_url)
        _print_how_to_try(settings, f"http://{host}:{port}")
        run(host, port, reload=reload, reload_dirs=["src"] if reload else None)


def _print_how_to_try(settings: Settings, base: str) -> None:
    words = ["curl", "-i", f"{base}/api/dev-user/tasks", "-H", f"Authorization: Bearer {mint(settings, 'dev-user')}"]
    words += ["-H", "Content-Type: application/json", "-d", '{"title": "Buy milk"}']
    typer.echo(f"\nDocumentation: {base}/docs\n\nCreate a task:\n\n{shlex.join(words)}\n")
