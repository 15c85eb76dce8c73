"""Of everything that a real Better Auth front end signs, the API accepts only access tokens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import httpx
import pytest
from jose import jwk, jwt

from tests.e2e.api_server import ApiServer
from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser, PluginAlgorithm, needs_node
from tests.e2e.conftest import StartApi
from tests.support.minting import hs256, mint

pytestmark = needs_node

slow = partial(pytest.param, marks=pytest.mark.slow)
"""Mark cases that are verified as others are, and need a front end of their own."""

# One front end for each algorithm of the plugin; their other options produce the tokens that must be refused.
FRONT_ENDS: dict[PluginAlgorithm, dict[str, Any]] = {
    "EdDSA": {"oauth_provider": True, "cookie_cache": "jwt"},
    "ES256": {"cookie_cache": "compact"},
    "ES512": {"cookie_cache": "jwe"},
    "RS256": {"oauth_provider": True, "explicit_issuer": True},
    "PS256": {"cookie_cache": "jwks"},
    "HS256": {},
}
PUBLISHED = ["EdDSA", "ES256", slow("ES512"), "RS256", slow("PS256")]

type TokenOf = Callable[[BetterAuthUser], str]


@dataclass(frozen=True)
class Pair:
    """A front end, an API that trusts its keys and its secret, and a user of both."""

    front_end: BetterAuthServer
    api: ApiServer
    user: BetterAuthUser

    def list_tasks(self, token: str) -> httpx.Response:
        """Request the user's tasks with this token."""
        return self.api.tasks(self.user.id, token)


type Connect = Callable[[PluginAlgorithm], Pair]


@pytest.fixture(scope="module")
def connect(start_api: StartApi) -> Iterator[Connect]:
    """Return a function that starts a pair on first use; each front end has its own secret and keys."""
    with ExitStack() as stack:

        @cache
        def connect(algorithm: PluginAlgorithm) -> Pair:
            secret = f"the-secret-of-the-front-end-with-{algorithm}"
            options = FRONT_ENDS[algorithm]
            front_end = stack.enter_context(BetterAuthServer(secret=secret, plugin_algorithm=algorithm, **options))
            api = start_api(better_auth_secret=secret, better_auth_url=front_end.url)
            return Pair(front_end, api, front_end.sign_up())

        yield connect


@pytest.fixture(scope="module")
def cookie_pair(connect: Connect, start_api: StartApi) -> Pair:
    """Start the front end with cached sessions, and an API that accepts them as tokens."""
    pair = connect("EdDSA")
    api = start_api(
        better_auth_secret=pair.front_end.secret,
        better_auth_cookie_cache="true",
        allowed_origins=pair.front_end.url,
    )
    return Pair(pair.front_end, api, pair.user)


@pytest.mark.req("AUTH-FR-003", "AUTH-FR-021")
@pytest.mark.parametrize(
    "token_of", [BetterAuthUser.plugin_token, BetterAuthUser.server_token, BetterAuthUser.header_token]
)
@pytest.mark.parametrize("algorithm", PUBLISHED)
def test_tokens_of_the_plugin_are_accepted(connect: Connect, algorithm: PluginAlgorithm, token_of: TokenOf) -> None:
    pair = connect(algorithm)
    token = token_of(pair.user)
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert pair.list_tasks(token).status_code == 200


@pytest.mark.req("AUTH-FR-003", "AUTH-FR-019")
@pytest.mark.parametrize("token_of", [BetterAuthUser.hs256_token, BetterAuthUser.plugin_token])
def test_tokens_signed_with_the_shared_secret_are_accepted(connect: Connect, token_of: TokenOf) -> None:
    pair = connect("HS256")
    token = token_of(pair.user)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert pair.list_tasks(token).status_code == 200


@pytest.mark.req("AUTH-FR-003")
def test_one_api_takes_the_tokens_of_the_plugin_and_of_the_route(connect: Connect) -> None:
    pair = connect("EdDSA")
    assert pair.list_tasks(pair.user.plugin_token()).status_code == 200
    assert pair.list_tasks(pair.user.hs256_token()).status_code == 200


@pytest.mark.req(
    "AUTH-FR-007", "AUTH-FR-011", "AUTH-FR-018", "AUTH-FR-031", "AUTH-FR-035", "AUTH-FR-036", "AUTH-FR-037"
)
@pytest.mark.parametrize(
    ("algorithm", "token_of", "advice"),
    [
        pytest.param("EdDSA", BetterAuthUser.session_token, "send the JWT of /api/auth/token", id="session token"),
        pytest.param("EdDSA", BetterAuthUser.session_cookie, "send the JWT of /api/auth/token", id="session cookie"),
        pytest.param("ES256", BetterAuthUser.session_data_cookie, "send the JWT of /api/auth/token", id="compact"),
        slow("ES512", BetterAuthUser.session_data_cookie, "send the JWT of /api/auth/token", id="jwe"),
        slow("PS256", BetterAuthUser.session_data_cookie, "better-auth.session-cache+jwt", id="jwks"),
        pytest.param("EdDSA", BetterAuthUser.session_data_cookie, "send the JWT of /api/auth/token", id="jwt"),
        pytest.param("EdDSA", BetterAuthUser.verification_token, "an e-mail verification link", id="link"),
        pytest.param("EdDSA", BetterAuthUser.oauth_id_token, "the issuer is", id="ID token"),
        pytest.param("RS256", BetterAuthUser.oauth_id_token, "the audience is", id="ID token, same issuer"),
        pytest.param("EdDSA", BetterAuthUser.oauth_access_token, "at+jwt", id="OAuth access token"),
        pytest.param("RS256", BetterAuthUser.oauth_access_token, "at+jwt", id="OAuth access token, same issuer"),
    ],
)
def test_other_signed_values_are_refused_with_advice(
    connect: Connect, algorithm: PluginAlgorithm, token_of: TokenOf, advice: str
) -> None:
    pair = connect(algorithm)
    token = token_of(pair.user)
    refusal = pair.list_tasks(token)
    assert (refusal.status_code, refusal.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert advice in refusal.json()["detail"]
    assert token not in pair.api.log
    assert advice in pair.api.log
    assert pair.list_tasks(pair.user.plugin_token()).status_code == 200


@pytest.mark.req("AUTH-FR-022", "AUTH-FR-041")
@pytest.mark.parametrize(
    ("token_of", "advice"),
    [
        pytest.param(BetterAuthUser.hs256_token, "is BETTER_AUTH_SECRET the same on both sides?", id="its secret"),
        pytest.param(BetterAuthUser.plugin_token, "the issuer is 'http://127.0.0.1:", id="its key"),
    ],
)
def test_tokens_of_another_front_end_are_refused(connect: Connect, token_of: TokenOf, advice: str) -> None:
    here, elsewhere = connect("ES256"), connect("EdDSA")
    token = token_of(elsewhere.user)
    assert elsewhere.list_tasks(token).status_code == 200
    refusal = here.api.tasks(elsewhere.user.id, token)
    assert refusal.status_code == 401
    assert advice in refusal.json()["detail"]


@pytest.mark.req("AUTH-FR-023")
def test_a_public_key_of_the_front_end_is_no_secret(connect: Connect) -> None:
    pair = connect("RS256")
    claims = jwt.get_unverified_claims(pair.user.plugin_token())
    [published] = httpx.get(pair.front_end.jwks_url, trust_env=False).json()["keys"]
    secret = jwk.construct(published, "RS256").to_pem()
    assert pair.list_tasks(mint(claims, hs256(secret))).status_code == 401
    assert pair.list_tasks(mint(claims, hs256(pair.front_end.secret))).status_code == 200


@pytest.mark.req("AUTH-FR-037")
def test_where_allowed_a_cached_session_is_a_token(cookie_pair: Pair) -> None:
    assert cookie_pair.list_tasks(cookie_pair.user.session_data_cookie()).status_code == 200


@pytest.mark.req("AUTH-FR-051")
def test_where_allowed_the_browsers_cookie_is_enough(connect: Connect, cookie_pair: Pair) -> None:
    browser, path = cookie_pair.user.client, f"/api/{cookie_pair.user.id}/tasks"
    assert browser.get(cookie_pair.api.url + path).status_code == 200
    assert browser.get(connect("EdDSA").api.url + path).status_code == 401


@pytest.mark.req("AUTH-FR-052")
@pytest.mark.parametrize(
    ("page", "status"),
    [("the front end", 201), ("https://evil.example", 403), ("null", 403), (None, 403)],
)
def test_with_a_cookie_only_the_front_end_may_change_something(
    cookie_pair: Pair, page: str | None, status: int
) -> None:
    origin = {"Origin": cookie_pair.front_end.url if page == "the front end" else page} if page else {}
    url = f"{cookie_pair.api.url}/api/{cookie_pair.user.id}/tasks"
    with httpx.Client(cookies=cookie_pair.user.client.cookies, trust_env=False) as browser:
        before = browser.get(url).json()["count"]
        assert browser.post(url, json={"title": "Buy milk"}, headers=origin).status_code == status
        assert browser.get(url).json()["count"] - before == (status == 201)
