"""The application with the MCP server, and agents of the users of a test."""

import pytest
from fastapi import FastAPI

from tests.conftest import StartApp, User
from tests.support.mcp_agent import Agent


@pytest.fixture(scope="session")
async def mcp_app(start_app: StartApp) -> FastAPI:
    return await start_app(mcp_session_tokens=True)


@pytest.fixture
def agent(mcp_app: FastAPI, user: User) -> Agent:
    return Agent(mcp_app, user.id)


@pytest.fixture
def other_agent(mcp_app: FastAPI, stranger: User) -> Agent:
    return Agent(mcp_app, stranger.id)
