"""The command line: `python -m src --help`. Each module of this package has the command, or the group, of its name."""

from importlib import import_module

import typer

COMMANDS = ("dev", "serve", "mcp", "migrate", "purge", "doctor", "token", "openapi", "user")


def command_line(*names: str) -> typer.Typer:
    """Build the command line with these commands, or with all. Import only their modules: all take 1.8 s."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The task API.")
    app.callback()(lambda: None)  # without it the name of a single command is not expected
    for name in names or COMMANDS:
        command = getattr(import_module(f"src.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app
