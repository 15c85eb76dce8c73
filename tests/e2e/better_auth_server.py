"""A real Better Auth front end on 127.0.0.1, its users, and every kind of signed thing they can send."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from src.development.node import node_problem
from tests.e2e.better_auth.process import node
from tests.support.commands import IN_CI

type PluginAlgorithm = Literal["EdDSA", "ES256", "ES512", "RS256", "PS256", "HS256"]
type CookieCache = Literal["compact", "jwt", "jwe", "jwks"]

PASSWORD = "correct horse battery staple"
ANSWER_SECONDS = 10

needs_node = pytest.mark.skipif(node_problem() is not None and not IN_CI, reason=str(node_problem()))
"""Skips where Node.js is missing or too old; in CI such tests fail instead."""


@dataclass(frozen=True, kw_only=True)
class BetterAuthUser:
    """A user who has signed up; `client` has the session's cookies, as a browser does."""

    id: str
    email: str
    client: httpx.Client

    def hs256_token(self) -> str:
        """Return a token that the front end's own route signs with the shared secret."""
        return self._get("/api/token")

    def plugin_token(self) -> str:
        """Return a token that the jwt plugin signs."""
        return self._get("/api/auth/token")

    def server_token(self) -> str:
        """Return a token that a server component or an action of the front end gets."""
        return self._get("/test/server-token")

    def header_token(self) -> str:
        """Return the jwt plugin's token from the header of the session's response."""
        return self.client.get("/api/auth/get-session").raise_for_status().headers["set-auth-jwt"]

    def session_token(self) -> str:
        """Sign in, which begins a new session, and return the opaque `token` of the response."""
        credentials = {"email": self.email, "password": PASSWORD}
        response = self.client.post("/api/auth/sign-in/email", json=credentials)
        return str(response.raise_for_status().json()["token"])

    def session_cookie(self) -> str:
        """Return the session's token with Better Auth's signature: `token.base64hmac`."""
        return unquote(self.client.cookies["better-auth.session_token"])

    def session_data_cookie(self) -> str:
        """Return the cached session, in the format that `cookie_cache` selects."""
        return self.client.cookies["better-auth.session_data"]

    def verification_token(self) -> str:
        """Return the token of the link that was sent to verify the e-mail address."""
        return self._get(f"/test/verification-token?email={self.email}")

    def oauth_id_token(self) -> str:
        """Return the ID token of an OAuth client that signed this user in."""
        return self._get("/test/oauth-tokens", "id_token")

    def oauth_access_token(self) -> str:
        """Return the access token of such a client, with the front end's origin as its resource."""
        return self._get("/test/oauth-tokens", "access_token")

    def _get(self, path: str, member: str = "token") -> str:
        return str(self.client.get(path).raise_for_status().json()[member])


@dataclass(kw_only=True)
class BetterAuthServer:
    """A front end that runs inside the `with` block; the options are described in better_auth/server.mjs."""

    secret: str
    secrets: str | None = None
    plugin_algorithm: PluginAlgorithm | None = None
    rotation_interval: int | None = None
    grace_period: int | None = None
    explicit_issuer: bool = False
    cookie_cache: CookieCache | None = None
    oauth_provider: bool = False
    mcp_resource: str | None = None
    access_token_seconds: int | None = None
    preview_hosts: str | None = None
    url: str = field(init=False)
    """The origin: `iss` and `aud` of the plugin's tokens."""
    _open: ExitStack = field(init=False, repr=False)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.url = stack.enter_context(node("server.mjs", self._options()))
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def jwks_url(self) -> str:
        """Return the URL at which the plugin publishes its keys."""
        return f"{self.url}/api/auth/jwks"

    def sign_up(self, name: str = "Somebody", host: str | None = None) -> BetterAuthUser:
        """Sign a new user up and in, at one of `preview_hosts` if it is given."""
        headers = {"Origin": f"http://{host}", "Host": host} if host else {"Origin": self.url}
        browser = httpx.Client(base_url=self.url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False)
        self._open.enter_context(browser)
        form = {"name": name, "email": f"user-{uuid4()}@example.com", "password": PASSWORD}
        user = browser.post("/api/auth/sign-up/email", json=form).raise_for_status().json()["user"]
        return BetterAuthUser(id=user["id"], email=user["email"], client=browser)

    def jwks_fetches(self) -> int:
        """Return how often the JWKS was requested, outages included."""
        return int(self._lever("GET", "stats").json()["jwksFetches"])

    @contextmanager
    def jwks_outage(self) -> Iterator[None]:
        """Let the JWKS endpoint respond 503 inside the `with` block."""
        self._lever("POST", "outage", {"jwks": True})
        try:
            yield
        finally:
            self._lever("POST", "outage", {"jwks": False})

    def rotate(self) -> None:
        """Rotate the signing key; the old ones stay in the JWKS for `grace_period`."""
        self._lever("POST", "rotate")

    def _lever(self, method: str, name: str, body: object = None) -> httpx.Response:
        url = f"{self.url}/test/{name}"
        response = httpx.request(method, url, json=body, timeout=ANSWER_SECONDS, trust_env=False)
        return response.raise_for_status()

    def _options(self) -> dict[str, object]:
        return {
            "secret": self.secret,
            "secrets": self.secrets,
            "pluginAlgorithm": self.plugin_algorithm,
            "rotationInterval": self.rotation_interval,
            "gracePeriod": self.grace_period,
            "explicitIssuer": self.explicit_issuer,
            "cookieCache": self.cookie_cache,
            "oauthProvider": self.oauth_provider,
            "mcpResource": self.mcp_resource,
            "accessTokenSeconds": self.access_token_seconds,
            "previewHosts": self.preview_hosts,
        }
