"""An OAuth client of a user's agent: it registers, asks for consent, and gets, refreshes and revokes tokens."""

import base64
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser

REDIRECT = "http://127.0.0.1:1/callback"


def consent(user: BetterAuthUser, url: str, scope: str | None = None) -> dict[str, str]:
    """Open the URL of an authorization as the user's browser, grant the scopes, and return what the client receives."""
    location = user.client.get(url).headers["location"]
    if "/consent?" in location:
        query = urlsplit(location).query
        body = {"accept": True, "oauth_query": query} | ({} if scope is None else {"scope": scope})
        granted = user.client.post("/api/auth/oauth2/consent", json=body).raise_for_status().json()
        location = granted.get("redirect_uri") or granted["url"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


class OAuthAgent:
    """A public client with PKCE, which a user has given access to a resource."""

    def __init__(self, server: BetterAuthServer, resource: str) -> None:
        self._url = f"{server.url}/api/auth/oauth2"
        self._resource = resource
        registration = {
            "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "client_name": "Agent",
            "application_type": "native",
        }
        self.client_id = str(self._post("register", json=registration).raise_for_status().json()["client_id"])

    def authorize(self, user: BetterAuthUser, scope: str = "tasks:read tasks:write offline_access") -> dict[str, Any]:
        """Return the response of the token endpoint, after the user's consent."""
        verifier = token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": scope,
            "state": "state",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": self._resource,
            "prompt": "consent",
        }
        code = consent(user, f"{self._url}/authorize?{httpx.QueryParams(parameters)}")["code"]
        return self._token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=verifier)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Return the response of the token endpoint to a refresh token."""
        return self._token(grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, token: str, kind: str) -> None:
        """Revoke a token."""
        form = {"client_id": self.client_id, "token": token, "token_type_hint": kind}
        self._post("revoke", data=form).raise_for_status()

    def _token(self, **form: str) -> dict[str, Any]:
        data = {"client_id": self.client_id, "resource": self._resource} | form
        tokens: dict[str, Any] = self._post("token", data=data).json()
        return tokens

    def _post(self, name: str, **options: Any) -> httpx.Response:
        return httpx.post(f"{self._url}/{name}", timeout=10, trust_env=False, **options)
