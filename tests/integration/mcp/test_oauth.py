"""Access tokens of OAuth clients: where they are valid, and what a client learns when one is refused."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from src.config import load_settings
from tests.conftest import JSON, StartApp, User, client
from tests.support.jwks_server import JwksServer, serving
from tests.support.mcp_agent import VERSIONS, Agent
from tests.support.minting import EDDSA, ES256, HS256, Signer, jwks, mint
from tests.support.tokens import SECRET
from tests.support.tokens import mint as mint_session

_PUBLIC_URL = "https://api.example.com/tasks-api"
_RESOURCE = f"{_PUBLIC_URL}/mcp"
_METADATA = f"{_PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
_SCOPES = "openid tasks:read tasks:write"


@pytest.fixture(scope="module")
async def better_auth() -> AsyncIterator[JwksServer]:
    async with serving(jwks(EDDSA)) as server:
        yield server


@pytest.fixture(scope="module")
def issuer(better_auth: JwksServer) -> str:
    return better_auth.url.removesuffix("/jwks")


@pytest.fixture(scope="module")
def oauth(issuer: str) -> dict[str, object]:
    return {"better_auth_url": issuer, "public_url": f"{_PUBLIC_URL}/"}


@pytest.fixture(scope="module")
async def oauth_app(start_app: StartApp, oauth: dict[str, object]) -> FastAPI:
    return await start_app(**oauth)


@pytest.fixture
def oauth_agent(oauth_app: FastAPI, user: User, issuer: str) -> Agent:
    return _agent(oauth_app, user, issuer)


def _token(user: User, issuer: str, signer: Signer = EDDSA, header: object = None, **changes: object) -> str:
    now = int(time.time())
    usual: dict[str, object] = {"sub": user.id, "iss": issuer, "aud": _RESOURCE, "iat": now, "exp": now + 900}
    claims = usual | {"scope": _SCOPES, "client_id": "some-agent", "azp": "some-agent"} | changes
    return mint(claims, signer, {**signer.header, "typ": "at+jwt"} if header is None else header)


def _agent(app: FastAPI, user: User, issuer: str, **changes: Any) -> Agent:
    agent = Agent(app, user.id)
    agent.http.headers["Authorization"] = f"Bearer {_token(user, issuer, **changes)}"
    return agent


@pytest.mark.req("MCP-FR-050")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_an_oauth_client_uses_the_tools_for_its_user(
    oauth_app: FastAPI, user: User, issuer: str, version: str, kind: str
) -> None:
    agent = _agent(oauth_app, user, issuer, header=EDDSA.header | {"typ": kind}, aud=["https://other", _RESOURCE])
    agent.version = version
    await agent.call("add_tasks", tasks=[{"title": "Buy milk"}])
    assert await agent.titles() == ["Buy milk"]
    assert [task["title"] for task in await user.tasks()] == ["Buy milk"]


_REFUSED: list[dict[str, Any]] = [
    {"aud": "https://api.example.com/tasks-api"},
    {"aud": "https://api.example.com/mcp"},
    {"aud": f"{_RESOURCE}/"},
    {"aud": []},
    {"iss": "https://evil.example"},
    {"iss": "http://127.0.0.1"},
    {"exp": 1},
    {"signer": ES256},
    {"signer": HS256, "header": {"alg": "HS256", "typ": "at+jwt"}},
    {"header": EDDSA.header},
    {"header": EDDSA.header | {"typ": "JWT"}},
    {"header": EDDSA.header | {"typ": "logout+jwt"}},
    {"cnf": {"jkt": "x"}},
    {"sub": "some-agent"},
    {"sub": 5},
]


@pytest.mark.req("MCP-FR-051", "MCP-FR-053")
@pytest.mark.parametrize("changes", _REFUSED)
async def test_other_tokens_are_refused(oauth_app: FastAPI, user: User, issuer: str, changes: dict[str, Any]) -> None:
    response = await _agent(oauth_app, user, issuer, **changes).rpc("tools/list")
    assert response.status_code == 401
    challenge = f'Bearer error="invalid_token", resource_metadata="{_METADATA}", scope="tasks:read tasks:write"'
    assert response.headers["www-authenticate"] == challenge


@pytest.mark.req("MCP-FR-051")
async def test_a_token_of_the_shared_secret_is_no_oauth_token(start_app: StartApp, user: User, issuer: str) -> None:
    """Although the claims are right, and the secret is that of sessions."""
    app = await start_app(better_auth_url=issuer, public_url=_PUBLIC_URL, mcp_session_tokens=True)
    agent = Agent(app, user.id)
    claims = {"iss": issuer, "aud": _RESOURCE, "scope": _SCOPES}
    agent.http.headers["Authorization"] = f"Bearer {mint_session(user.id, SECRET, **claims)}"
    assert (await agent.rpc("tools/list")).status_code == 401


@pytest.mark.req("MCP-FR-052", "MCP-FR-053")
@pytest.mark.parametrize("path", ["", "/mcp"])
async def test_a_client_without_a_token_learns_where_to_get_one(oauth_app: FastAPI, issuer: str, path: str) -> None:
    async with client(oauth_app) as http:
        refused = await http.post("/mcp", content=b"{}", headers=JSON)
        metadata = await http.get(f"/.well-known/oauth-protected-resource{path}")
    assert refused.status_code == 401
    challenge = f'Bearer resource_metadata="{_METADATA}", scope="tasks:read tasks:write"'
    assert refused.headers["www-authenticate"] == challenge
    assert metadata.json() == {
        "resource": _RESOURCE,
        "resource_name": "Task API",
        "authorization_servers": [issuer],
        "scopes_supported": ["tasks:read", "tasks:write"],
        "bearer_methods_supported": ["header"],
    }
    assert metadata.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.req("MCP-FR-052")
async def test_without_a_public_url_there_is_no_metadata(mcp_app: FastAPI) -> None:
    async with client(mcp_app) as http:
        assert (await http.get("/.well-known/oauth-protected-resource/mcp")).status_code == 401


@pytest.mark.req("MCP-FR-054")
@pytest.mark.parametrize(
    ("scope", "tool", "arguments", "wanted"),
    [
        ("tasks:read", "add_tasks", {"tasks": [{"title": "x"}]}, "tasks:read tasks:write"),
        ("tasks:read", "delete_tasks", {"ids": [1], "dry_run": True}, "tasks:read tasks:write"),
        ("tasks:write", "list_tasks", {}, "tasks:read"),
        ("openid", "overview", {}, "tasks:read"),
        ("", "what_changed", {}, "tasks:read"),
        (["tasks:read"], "get_task", {"id": 1}, "tasks:read"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "*/*"])
async def test_a_missing_scope_is_named(
    oauth_app: FastAPI,
    user: User,
    issuer: str,
    scope: object,
    tool: str,
    arguments: dict[str, Any],
    wanted: str,
    accept: str,
) -> None:
    response = await _send(_agent(oauth_app, user, issuer, scope=scope), tool, arguments, Accept=accept)
    assert response.status_code == 403
    challenge = f'Bearer error="insufficient_scope", scope="{wanted}", resource_metadata="{_METADATA}"'
    assert response.headers["www-authenticate"] == challenge
    assert await user.tasks() == []


async def _send(agent: Agent, tool: str, arguments: dict[str, Any], **headers: str) -> httpx.Response:
    params = {"name": tool, "arguments": arguments}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": agent.with_meta(params)}
    return await agent.http.post("/mcp", json=body, headers=agent.headers("tools/call", params) | headers)


@pytest.mark.req("MCP-FR-054")
@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-8-sig"])
async def test_no_encoding_of_the_body_avoids_the_scope(
    oauth_app: FastAPI, user: User, issuer: str, version: str, encoding: str
) -> None:
    agent = _agent(oauth_app, user, issuer, scope="tasks:read")
    agent.version = version
    params = agent.with_meta({"name": "add_tasks", "arguments": {"tasks": [{"title": "x"}]}})
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = agent.headers("tools/call", {"name": "add_tasks"}) | JSON
    await agent.http.post("/mcp", content=body.encode(encoding), headers=headers)
    assert await user.tasks() == []


@pytest.mark.req("MCP-FR-054")
async def test_a_scope_is_enough_for_its_tools(oauth_app: FastAPI, user: User, issuer: str) -> None:
    await _agent(oauth_app, user, issuer, scope="tasks:write").call("add_tasks", tasks=[{"title": "x"}])
    assert await _agent(oauth_app, user, issuer, scope="tasks:read").titles() == ["x"]
    assert (await _agent(oauth_app, user, issuer, scope="").rpc("tools/list")).status_code == 200


@pytest.mark.req("MCP-FR-006")
async def test_pages_of_the_public_url_are_allowed(oauth_agent: Agent) -> None:
    oauth_agent.http.headers["Origin"] = "https://api.example.com"
    assert (await oauth_agent.rpc("tools/list")).status_code == 200


@pytest.mark.req("MCP-FR-055")
async def test_tokens_of_sessions_are_for_agents_only_by_setting(
    start_app: StartApp, oauth_app: FastAPI, oauth: dict[str, object], user: User, issuer: str
) -> None:
    assert (await Agent(oauth_app, user.id).rpc("tools/list")).status_code == 401
    app = await start_app(**oauth, mcp_session_tokens=True)
    for agent in (Agent(app, user.id), _agent(app, user, issuer)):
        for _ in range(2):  # the second time from the cache
            assert (await agent.rpc("tools/list")).status_code == 200


@pytest.mark.req("MCP-FR-055")
@pytest.mark.parametrize("path", ["/mcp/", "/mcp%0A", "/mcp%0A/", "/MCP", "/mcp%2F", "/mcp;a"])
async def test_no_spelling_of_the_path_avoids_the_verifier_of_agents(oauth_app: FastAPI, user: User, path: str) -> None:
    agent = Agent(oauth_app, user.id)
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": agent.with_meta({})}
    response = await agent.http.post(path, json=message, headers=agent.headers("tools/list", {}))
    assert response.status_code in {401, 404}


@pytest.mark.req("MCP-FR-056")
async def test_the_rest_api_accepts_no_oauth_tokens_by_default(
    oauth_app: FastAPI, oauth_agent: Agent, user: User
) -> None:
    for path in (f"/api/{user.id}/tasks", "/api/tasks", "/api/settings"):
        response = await oauth_agent.http.get(path)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await User(oauth_app, user.id).get()).status_code == 200


@pytest.mark.req("MCP-FR-056")
@pytest.mark.parametrize(
    ("scope", "statuses"),
    [("tasks:read", [200, 403, 403]), ("tasks:write", [403, 201, 200]), ("tasks:read tasks:write", [200, 201, 200])],
)
async def test_the_rest_api_accepts_oauth_tokens_by_setting_within_their_scopes(
    start_app: StartApp, oauth: dict[str, object], user: User, issuer: str, scope: str, statuses: list[int]
) -> None:
    agent = _agent(await start_app(**oauth, rest_oauth_tokens=True), user, issuer, scope=scope)
    path = f"/api/{user.id}/tasks"
    responses = [
        await agent.http.get(path),
        await agent.http.post(path, json={"title": "x"}),
        await agent.http.put("/api/settings", json={"time_zone": "Europe/Paris"}),
    ]
    assert [response.status_code for response in responses] == statuses
    challenges = {each.headers["www-authenticate"] for each in responses if each.status_code == 403}
    assert all('error="insufficient_scope"' in challenge for challenge in challenges)
    assert (await agent.http.get("/api/somebody-else/tasks")).status_code == 403


@pytest.mark.req("MCP-FR-057")
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"public_url": "https://api.example.com"}, "PUBLIC_URL needs BETTER_AUTH_URL"),
        ({"rest_oauth_tokens": True}, "REST_OAUTH_TOKENS needs PUBLIC_URL"),
        (
            {"public_url": "api.example.com", "better_auth_url": "https://app.example.com"},
            "PUBLIC_URL: must be the URL",
        ),
        ({"public_url": "https://api.example.com?x", "better_auth_url": "https://app.example.com"}, "must be the URL"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], sentence: str) -> None:
    needed = {"_env_file": None, "database_url": "postgresql://not/needed", "better_auth_secret": SECRET}
    with pytest.raises(SystemExit, match=sentence):
        load_settings(**needed | settings)
