"""Fixtures: verifiers with real keys, real secrets and a real JWKS endpoint."""

from collections.abc import AsyncIterator

import pytest_asyncio

from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from tests.support.front_ends import front_end
from tests.support.jwks_server import JwksServer, serving
from tests.support.minting import NOW, PUBLISHED, SECRET, jwks


@pytest_asyncio.fixture
async def server() -> AsyncIterator[JwksServer]:
    """Start a JWKS endpoint with all keys of `minting`."""
    async with serving(jwks(*PUBLISHED)) as jwks_server:
        yield jwks_server


@pytest_asyncio.fixture(scope="session")
async def verifier() -> AsyncIterator[TokenVerifier]:
    """Return a shared verifier with every source of keys and a stopped clock."""
    async with serving(jwks(*PUBLISHED)) as jwks_server:
        client = JwksClient(jwks_server.url, cooldown=0.01)
        yield TokenVerifier(secrets=[SECRET], front_ends=[front_end(client)], clock=lambda: NOW)
        await client.aclose()
