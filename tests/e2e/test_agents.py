"""Agents whose authorization server is a real Better Auth: what they may do, and what they see when they may not."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.e2e.api_server import ApiServer, api_server
from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser, needs_node
from tests.e2e.oauth_agent import REDIRECT, OAuthAgent, consent
from tests.support.mcp_agent import MODERN
from tests.support.mcp_clients import over_http
from tests.support.servers import free_port

pytestmark = needs_node

SECRET = "the-secret-of-more-than-32-characters-of-better-auth"
_LIFETIME = 6


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def public_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def front_end(public_url: str) -> Iterator[BetterAuthServer]:
    options: dict[str, Any] = {"mcp_resource": f"{public_url}/mcp", "access_token_seconds": _LIFETIME}
    with BetterAuthServer(secret=SECRET, plugin_algorithm="EdDSA", **options) as running:
        yield running


@pytest.fixture(scope="module")
def api(front_end: BetterAuthServer, public_url: str, port: int, database_url: str) -> Iterator[ApiServer]:
    settings = {"database_url": database_url, "better_auth_url": front_end.url, "public_url": public_url}
    with api_server(port=str(port), **settings) as running:
        yield running


@pytest.fixture
def user(front_end: BetterAuthServer) -> BetterAuthUser:
    return front_end.sign_up()


@pytest.fixture
def agent(front_end: BetterAuthServer, api: ApiServer) -> OAuthAgent:
    return OAuthAgent(front_end, f"{api.url}/mcp")


def _call(api: ApiServer, token: str, tool: str, **arguments: Any) -> httpx.Response:
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": MODERN}
    headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
    return api.request("POST", "/mcp", token, json=body, headers=headers)


def _titles(api: ApiServer, user: BetterAuthUser) -> list[str]:
    return [task["title"] for task in api.tasks(user.id, user.plugin_token()).json()["tasks"]]


class _Storage:
    """The tokens and the registration of the official client, in memory."""

    def __init__(self) -> None:
        self.tokens: list[OAuthToken] = []
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens[-1] if self.tokens else None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens.append(tokens)

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class _Browser:
    """The user's browser: grants the first scopes to the first authorization, and all to later ones."""

    def __init__(self, user: BetterAuthUser, first: str | None = None) -> None:
        self._user = user
        self._scopes = [first]
        self.consents = 0
        self._received: dict[str, str] = {}

    async def open(self, url: str) -> None:
        self.consents += 1
        self._received = consent(self._user, url, self._scopes.pop() if self._scopes else None)

    async def received(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**{name: self._received.get(name) for name in ("code", "state", "iss")})


def _provider(url: str, storage: _Storage, browser: _Browser) -> OAuthClientProvider:
    metadata = OAuthClientMetadata.model_validate(
        {"redirect_uris": [REDIRECT], "client_name": "Agent", "token_endpoint_auth_method": "none"}
    )
    return OAuthClientProvider(url, metadata, storage, browser.open, browser.received)


@pytest.mark.req("MCP-FR-050", "MCP-FR-052", "MCP-FR-053")
async def test_the_official_client_discovers_registers_asks_for_consent_and_refreshes(
    api: ApiServer, user: BetterAuthUser
) -> None:
    url, storage, browser = f"{api.url}/mcp", _Storage(), _Browser(user)
    async with (
        httpx2.AsyncClient(auth=_provider(url, storage, browser), trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        await client.call_tool("add_tasks", {"tasks": [{"title": "Buy milk"}]})
        assert _titles(api, user) == ["Buy milk"]
        await asyncio.sleep(_LIFETIME + 1)
        result = await client.call_tool("list_tasks")
        assert result.structured_content is not None
        assert [task["title"] for task in result.structured_content["tasks"]] == ["Buy milk"]
    assert browser.consents == 1
    assert len({tokens.access_token for tokens in storage.tokens}) == 2


@pytest.mark.req("MCP-FR-054")
async def test_the_official_client_asks_for_a_scope_that_is_missing(api: ApiServer, user: BetterAuthUser) -> None:
    url, storage, browser = f"{api.url}/mcp", _Storage(), _Browser(user, "tasks:read")
    async with (
        httpx2.AsyncClient(auth=_provider(url, storage, browser), trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        assert not (await client.call_tool("list_tasks")).is_error
        assert browser.consents == 1
        assert not (await client.call_tool("add_tasks", {"tasks": [{"title": "Buy milk"}]})).is_error
    assert browser.consents == 2
    assert _titles(api, user) == ["Buy milk"]


@pytest.mark.req("MCP-FR-051")
def test_an_expired_token_is_refused_and_a_refreshed_one_accepted(
    api: ApiServer, user: BetterAuthUser, agent: OAuthAgent
) -> None:
    tokens = agent.authorize(user)
    assert _call(api, tokens["access_token"], "list_tasks").status_code == 200
    time.sleep(_LIFETIME + 1)
    refused = _call(api, tokens["access_token"], "list_tasks")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert _call(api, agent.refresh(tokens["refresh_token"])["access_token"], "list_tasks").status_code == 200


@pytest.mark.req("MCP-FR-051")
def test_after_a_revocation_there_is_no_new_token(api: ApiServer, user: BetterAuthUser, agent: OAuthAgent) -> None:
    tokens = agent.authorize(user)
    agent.revoke(tokens["refresh_token"], "refresh_token")
    assert "access_token" not in agent.refresh(tokens["refresh_token"])
    time.sleep(_LIFETIME + 1)
    assert _call(api, tokens["access_token"], "list_tasks").status_code == 401


@pytest.mark.req("MCP-FR-051", "MCP-FR-056")
def test_a_token_for_another_api_is_refused(front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser) -> None:
    other = OAuthAgent(front_end, "https://another-api.example.com/mcp").authorize(user)
    response = _call(api, other["access_token"], "list_tasks")
    assert response.status_code == 401
    assert "the audience is" in response.json()["detail"]  # explained in development
    assert api.tasks(user.id, other["access_token"]).status_code == 401


@pytest.mark.req("MCP-FR-054")
def test_a_missing_scope_is_named(api: ApiServer, user: BetterAuthUser, agent: OAuthAgent) -> None:
    token = agent.authorize(user, "tasks:read")["access_token"]
    response = _call(api, token, "add_tasks", tasks=[{"title": "x"}])
    assert response.status_code == 403
    assert 'error="insufficient_scope", scope="tasks:read tasks:write"' in response.headers["www-authenticate"]
    assert _titles(api, user) == []


@pytest.mark.req("MCP-FR-040", "MCP-FR-055", "MCP-FR-056")
def test_a_token_is_for_its_user_and_for_the_mcp_server_alone(
    front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser, agent: OAuthAgent
) -> None:
    stranger = front_end.sign_up()
    mine, theirs = agent.authorize(user)["access_token"], agent.authorize(stranger)["access_token"]
    _call(api, theirs, "add_tasks", tasks=[{"title": "Theirs"}])
    assert _call(api, mine, "list_tasks").json()["result"]["structuredContent"] == {"tasks": []}
    assert (_titles(api, user), _titles(api, stranger)) == ([], ["Theirs"])
    assert api.tasks(user.id, mine).status_code == 401
    assert _call(api, user.plugin_token(), "list_tasks").status_code == 401


@pytest.mark.req("MCP-FR-050")
async def test_the_token_of_an_agent_is_all_that_another_client_needs(
    api: ApiServer, user: BetterAuthUser, agent: OAuthAgent
) -> None:
    async with over_http(api.url, agent.authorize(user)["access_token"]) as client:
        assert len((await client.list_tools()).tools) == 9
