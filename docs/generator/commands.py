"""Generate the page of the commands from the command line."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import typer

from docs.generator.markdown import one_line, table
from docs.generator.markdown import page as markdown_page
from src.cli import command_line

_INTRODUCTION: Final = """
Run them in the repository: `uv run python -m src …` in development, `uv run --no-dev python -m src …` in
production, `python -m src …` in a container. They read the [settings](settings.md). A command that fails prints
one sentence, and its exit status is not 0. Generated from `--help`.
"""


def page() -> str:
    """Generate the page: a section for each command."""
    return markdown_page("Commands", _INTRODUCTION, *_sections(typer.main.get_command(command_line()), ""))


def _sections(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - typer does not export the type
    for subcommand, each in getattr(command, "commands", {}).items():
        yield from _sections(each, f"{name} {subcommand}".strip())
    if not hasattr(command, "commands"):
        yield _section(command, name)


def _section(command: Any, name: str) -> str:  # noqa: ANN401 - as above
    rows = [(_name(each), one_line(each.help or ""), _default(each)) for each in command.params]
    usage = " ".join(each.name.upper() for each in command.params if not each.opts[0].startswith("-"))
    parts = [f"## {name}", f"`python -m src {name} {usage}`".replace(" `", "`"), cleandoc(command.help or "")]
    return "\n\n".join([*parts, table(("Argument or option", "Meaning", "Default"), rows)])


def _name(parameter: Any) -> str:  # noqa: ANN401 - as above
    if not parameter.opts[0].startswith("-"):
        return f"`{parameter.name.upper()}`"
    return ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:  # noqa: ANN401 - as above
    shown = {True: "yes", False: "no", None: "", "": ""}
    return shown.get(parameter.default, f"`{parameter.default}`")
