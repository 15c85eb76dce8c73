"""`python -m src token --inspect` says what a token is, what it allows, and where it is valid."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commands import python
from tests.support.jwks_server import serving
from tests.support.minting import EDDSA, jwks, mint

_PUBLIC_URL = "https://api.example.com"
_MCP = f"{_PUBLIC_URL}/mcp"
_OAUTH = EDDSA.header | {"typ": "at+jwt"}


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    async with serving(jwks(EDDSA)) as server:
        yield server.url.removesuffix("/jwks")


def _token(issuer: str, header: object = None, **claims: object) -> str:
    now = int(time.time())
    return mint({"sub": "user-1", "iss": issuer, "iat": now, "exp": now + 900} | claims, EDDSA, header)


async def _inspect(folder: Path, token: str, **settings: str) -> tuple[int, str]:
    command = python("-m", "src", "token", "--inspect", **settings)
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, input=token, capture_output=True, text=True, timeout=60, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.req("AUTH-FR-063")
@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, "The API accepts this token at /mcp, and at no other route."),
        ({"REST_OAUTH_TOKENS": "true"}, "The API accepts this token at /mcp and at all other routes."),
    ],
)
async def test_the_token_of_an_oauth_client_is_explained(
    tmp_path: Path, issuer: str, settings: dict[str, str], where: str
) -> None:
    token = _token(issuer, _OAUTH, aud=["https://other", _MCP], scope="openid tasks:read", client_id="some-agent")
    returned, output = await _inspect(tmp_path, token, BETTER_AUTH_URL=issuer, PUBLIC_URL=_PUBLIC_URL, **settings)
    assert returned == 0, output
    assert f"form: an access token that the OAuth client 'some-agent' has for 'https://other', '{_MCP}'\n" in output
    assert "scope: 'openid tasks:read' lets the client read tasks\n" in output
    assert output.endswith(f"{where}\n")


@pytest.mark.req("AUTH-FR-063")
async def test_the_report_on_a_refused_token_of_an_oauth_client_names_the_audience(tmp_path: Path, issuer: str) -> None:
    token = _token(issuer, _OAUTH, aud="https://other", client_id=5)
    returned, output = await _inspect(tmp_path, token, BETTER_AUTH_URL=issuer, PUBLIC_URL=_PUBLIC_URL)
    assert returned == 1
    assert "that the OAuth client a value of type int has for 'https://other'\n" in output
    assert f"FAILED  audience: the audience is 'https://other', expected '{_MCP}'\n" in output
    assert "scope: '' lets the client do nothing with tasks\n" in output
    assert output.endswith("The API refuses this token.\n")


@pytest.mark.req("AUTH-FR-064")
async def test_without_public_url_the_report_says_why_no_token_of_an_oauth_client_is_accepted(
    tmp_path: Path, issuer: str
) -> None:
    returned, output = await _inspect(tmp_path, _token(issuer, _OAUTH, aud=_MCP), BETTER_AUTH_URL=issuer)
    assert returned == 1
    assert "FAILED  form: an access token of an OAuth client, which the API accepts only if PUBLIC_URL is set" in output


@pytest.mark.req("AUTH-FR-063")
@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, "The API accepts this token."),
        ({"PUBLIC_URL": _PUBLIC_URL}, "The API accepts this token at all routes but /mcp."),
        ({"MCP_SESSION_TOKENS": "true"}, "The API accepts this token, also at /mcp."),
    ],
)
async def test_the_report_on_a_token_of_a_session_says_whether_it_is_valid_for_agents(
    tmp_path: Path, issuer: str, settings: dict[str, str], where: str
) -> None:
    origin = issuer.removesuffix("/api/auth")
    token = _token(origin, aud=origin)
    returned, output = await _inspect(tmp_path, token, BETTER_AUTH_URL=issuer, **settings)
    assert returned == 0, output
    assert "form: a well-formed JWT\n" in output
    assert output.endswith(f"{where}\n")
