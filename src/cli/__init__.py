"""The command line: `python -m src --help`."""

import typer

from src.cli import dev, doctor, migrate, openapi, purge, serve, token, user

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The task API.")

for command in (dev.dev, serve.serve, migrate.migrate, purge.purge, doctor.doctor, token.token, openapi.openapi):
    app.command()(command)
app.add_typer(user.user, name="user")
