"""`python -m src dev`: serve for development."""

import shlex
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from src.cli.migrate import upgrade
from src.config import Settings, environment_with, set_variable, value_of
from src.development.example import prepare_example, running_example
from src.development.settings import development_database, development_settings
from src.development.tokens import mint
from src.server.listening import require_free
from src.server.run import run


def dev(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    *,
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = True,
    with_example: Annotated[
        bool, typer.Option("--with-example", help="Also serve the app in examples/nextjs; needs Node.js.")
    ] = False,
    example_port: Annotated[int, typer.Option(help="The port of the app.", min=1, max=65535)] = 3000,
) -> None:
    """Serve for development, with an embedded PostgreSQL, migrations, a secret and a token to try it with.

    Settings in the environment or .env have precedence, such as DATABASE_URL, BETTER_AUTH_SECRET or BETTER_AUTH_URL;
    with the example, BETTER_AUTH_URL and ALLOWED_ORIGINS are those of the example.
    """
    base = f"http://{host}:{port}"
    require_free((host, port), *([("localhost", example_port)] if with_example else []))
    if with_example:
        prepare_example()
        for name in "BETTER_AUTH_URL", "ALLOWED_ORIGINS":
            set_variable(name, f"http://localhost:{example_port}")
    with development_database():
        settings = development_settings()
        upgrade(settings.migration_url)
        _print_how_to_try(settings, base)
        with _example(settings, example_port, base) if with_example else nullcontext():
            run(host, port, reload=reload, reload_dirs=["src"] if reload else None)


def _example(settings: Settings, port: int, base: str) -> AbstractContextManager[None]:
    return running_example(
        port,
        base,
        environment_with(
            DATABASE_URL=value_of("DATABASE_URL") or "",
            BETTER_AUTH_SECRET=settings.secrets[0],
            NEXT_PUBLIC_API_URL=base,
            NEXT_TELEMETRY_DISABLED="1",
        ),
    )


def _print_how_to_try(settings: Settings, base: str) -> None:
    words = ["curl", "-i", f"{base}/api/dev-user/tasks", "-H", f"Authorization: Bearer {mint(settings, 'dev-user')}"]
    words += ["-H", "Content-Type: application/json", "-d", '{"title": "Buy milk"}']
    typer.echo(f"\nDocumentation: {base}/docs\n\nCreate a task:\n\n{shlex.join(words)}\n")
