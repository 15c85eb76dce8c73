"""`python -m src mcp`: serve an agent on this machine over standard input and output."""

import asyncio
from importlib.util import find_spec

from src.app import create_app
from src.config import Settings, load_settings, value_of
from src.development.settings import development_settings, existing_development_database
from src.errors.client import Unauthorized

_TOKEN = "MCP_TOKEN"  # noqa: S105 - the name of a variable


def mcp() -> None:
    """Serve an agent on this machine over standard input and output, for the user of the token in MCP_TOKEN.

    It needs the group 'mcp' and the settings of 'serve', or the database of 'dev'.
    """
    if find_spec("mcp") is None:
        raise SystemExit("This command needs packages that are not installed: add '--group mcp' to 'uv sync'.")
    with existing_development_database() as is_development:
        settings = development_settings() if is_development else load_settings()
        token = value_of(_TOKEN)
        if token is None:
            raise SystemExit(f"{_TOKEN} is missing: it must be the access token of the user, without 'Bearer'.")
        try:
            asyncio.run(_serve(settings, token))
        except Unauthorized as error:
            raise SystemExit(f"The API refuses the token in {_TOKEN}: {error.reason}.") from None


async def _serve(settings: Settings, token: str) -> None:
    from src.mcp.stdio import serve  # noqa: PLC0415 - its package is optional, and slow to import

    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await serve(app.state.components, token)
