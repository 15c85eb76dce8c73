"""The official Python client of MCP, with the token of a user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.tokens import mint

type Mode = Literal["auto", "legacy"]


@asynccontextmanager
async def over_http(url: str, user_id: str, mode: Mode = "auto", **claims: object) -> AsyncIterator[Client]:
    """Connect to the server at a URL."""
    headers = {"Authorization": f"Bearer {mint(user_id, **claims)}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client
