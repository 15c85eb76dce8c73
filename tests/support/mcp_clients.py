"""The official Python client of MCP, with the token of a user."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

type Mode = Literal["auto", "legacy"]


@asynccontextmanager
async def over_http(url: str, token: str, mode: Mode = "auto") -> AsyncIterator[Client]:
    """Connect to the server at a URL."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client
