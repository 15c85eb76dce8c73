"""`python -m src token`: print a development token, or inspect a token."""

import asyncio
import sys
from contextlib import aclosing
from typing import Annotated

import typer

from src.app.components import create_oauth_verifier, create_verifier
from src.auth.inspection import CheckResult, inspect, is_of_oauth_client
from src.config import PLACEHOLDER_DATABASE_URL, Settings, is_set, load_settings
from src.development.settings import development_settings
from src.development.tokens import mint

_TOKEN_SOURCES = ("BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS", "BETTER_AUTH_URL", "BETTER_AUTH_JWKS_URL")


def token(
    user_id: Annotated[str, typer.Argument(help="The user that the token is for.")] = "dev-user",
    *,
    inspecting: Annotated[
        bool,
        typer.Option("--inspect", help="Read a token from standard input instead, and explain whether it is valid."),
    ] = False,
) -> None:
    """Print a token for a user, valid for a day. For development only: in production Better Auth issues them."""
    if inspecting:
        _inspect(sys.stdin.read().strip().removeprefix("Bearer "))
    else:
        _print_token(development_settings(database_url=PLACEHOLDER_DATABASE_URL), user_id)


def _print_token(settings: Settings, user_id: str) -> None:
    minted = mint(settings, user_id)
    for finding in asyncio.run(_findings(settings, minted)):
        if not finding.passed:
            raise SystemExit(f"The API would refuse this token: {finding.explanation}.")
    typer.echo(minted)


def _inspect(text: str) -> None:
    load = load_settings if any(map(is_set, _TOKEN_SOURCES)) else development_settings
    settings = load(database_url=PLACEHOLDER_DATABASE_URL)
    findings = asyncio.run(_findings(settings, text))
    for finding in findings:
        typer.echo(f"{'ok    ' if finding.passed else 'FAILED'}  {finding.check}: {finding.explanation}")
    if not all(finding.passed for finding in findings):
        raise SystemExit("The API refuses this token.")
    typer.echo(f"The API accepts this token{_where(settings, is_oauth=is_of_oauth_client(text))}.")


def _where(settings: Settings, *, is_oauth: bool) -> str:
    """Say at which routes tokens of a kind are valid."""
    if is_oauth:
        return " at /mcp and at all other routes" if settings.rest_oauth_tokens else " at /mcp, and at no other route"
    if not settings.serves_mcp:
        return ""
    return ", also at /mcp" if settings.mcp_session_tokens else " at all routes but /mcp"


async def _findings(settings: Settings, text: str) -> list[CheckResult]:
    verifier = create_oauth_verifier(settings) if is_of_oauth_client(text) else create_verifier(settings)
    if verifier is None:
        explanation = "an access token of an OAuth client, which the API accepts only if PUBLIC_URL is set"
        return [CheckResult("form", passed=False, explanation=explanation)]
    async with aclosing(verifier):
        return await inspect(verifier, text)
