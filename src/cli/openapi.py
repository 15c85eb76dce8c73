"""`python -m src openapi`: write the OpenAPI document to the specs."""

import json
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated

import typer
from pydantic import SecretStr

from src.app import create_app
from src.config import PLACEHOLDER_DATABASE_URL, Settings
from src.db.url import DatabaseUrl

_SNAPSHOT = Path("specs/001-tasks/contracts/openapi.json")


def openapi(
    *, check: Annotated[bool, typer.Option("--check", help="Only check whether the snapshot is current.")] = False
) -> None:
    """Write the OpenAPI snapshot to the specs, for generating clients and reviewing changes."""
    settings = Settings.model_construct(  # independent of the environment
        database_url=DatabaseUrl.parse(PLACEHOLDER_DATABASE_URL), better_auth_secret=SecretStr(token_urlsafe(32))
    )
    text = json.dumps(create_app(settings).openapi(), indent=2, ensure_ascii=False) + "\n"
    if not check:
        _SNAPSHOT.parent.mkdir(parents=True, exist_ok=True)
        _SNAPSHOT.write_text(text)
        typer.echo(f"Wrote {_SNAPSHOT}.")
        return
    if not _SNAPSHOT.exists() or _SNAPSHOT.read_text() != text:
        raise SystemExit(f"{_SNAPSHOT} is out of date; run 'python -m src openapi'.")
    typer.echo(f"{_SNAPSHOT} is current.")
