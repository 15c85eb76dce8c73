"""`python -m docs`: write the reference pages, and build the site."""

from typing import Annotated

import typer

from docs.generator import pages, site

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def reference(
    *, check: Annotated[bool, typer.Option("--check", help="Only check whether the pages are current.")] = False
) -> None:
    """Write the pages of docs/reference from the contract, the settings, the limits, the errors and the commands."""
    outdated = pages.outdated()
    if check and outdated:
        raise SystemExit(f"{', '.join(outdated)}: out of date; run 'python -m docs reference'.")
    pages.write(outdated)
    typer.echo(f"Wrote {', '.join(outdated)}." if outdated else "The pages are current.")


@app.command()
def build() -> None:
    """Build the site in site/html; a link to a page or heading that does not exist is an error."""
    raise SystemExit(site.build())


if __name__ == "__main__":
    app()
