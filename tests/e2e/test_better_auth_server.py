"""The front end of the end-to-end tests sends what Better Auth sends, and leaves nothing behind."""

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import httpx
import pytest
from jose import jwt

from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser, needs_node

pytestmark = [needs_node, pytest.mark.slow]

SECRET = "the-current-secret-of-more-than-32-characters"
OLD_SECRET = "the-previous-secret-of-more-than-32-characters"
KILLED = """
from tests.e2e.better_auth_server import BetterAuthServer
with BetterAuthServer(secret="a-secret-of-more-than-32-characters") as server:
    print(server.url, flush=True)
    input()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[BetterAuthServer]:
    with BetterAuthServer(secret=SECRET, plugin_algorithm="EdDSA", oauth_provider=True) as running:
        yield running


@pytest.fixture
def user(server: BetterAuthServer) -> BetterAuthUser:
    return server.sign_up()


def fetch(url: str) -> httpx.Response:
    return httpx.get(url, timeout=5, trust_env=False)


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def published_kids(server: BetterAuthServer) -> set[str]:
    return {key["kid"] for key in fetch(server.jwks_url).raise_for_status().json()["keys"]}


def test_the_route_of_the_front_end_signs_with_the_shared_secret(user: BetterAuthUser) -> None:
    claims = jwt.decode(user.hs256_token(), SECRET, algorithms="HS256")
    assert claims["sub"] == user.id
    assert claims["exp"] - claims["iat"] == 15 * 60


def test_the_first_of_several_secrets_signs() -> None:
    with BetterAuthServer(secret=OLD_SECRET, secrets=f"2:{SECRET},1:{OLD_SECRET}") as server:
        token = server.sign_up().hs256_token()
    assert jwt.decode(token, SECRET, algorithms="HS256")


def test_the_session_brings_the_plugins_token_along(user: BetterAuthUser) -> None:
    assert kid(user.header_token()) == kid(user.plugin_token())


def test_the_tokens_of_a_session_are_opaque(user: BetterAuthUser) -> None:
    token = user.session_token()
    assert len(token) == 32
    assert user.session_cookie().startswith(f"{token}.")


def test_the_link_that_verifies_an_address_is_signed_with_the_shared_secret(user: BetterAuthUser) -> None:
    claims = jwt.decode(user.verification_token(), SECRET, algorithms="HS256")
    assert claims["email"] == user.email
    assert "sub" not in claims


def test_the_tokens_of_an_oauth_client_name_another_issuer(server: BetterAuthServer, user: BetterAuthUser) -> None:
    for token in user.oauth_id_token(), user.oauth_access_token():
        assert kid(token) in published_kids(server)
        claims = jwt.get_unverified_claims(token)
        assert (claims["sub"], claims["iss"]) == (user.id, f"{server.url}/api/auth")


def test_after_a_rotation_a_new_key_signs_and_the_old_one_stays_published(server: BetterAuthServer) -> None:
    user = server.sign_up()
    before = kid(user.plugin_token())
    server.rotate()
    after = kid(user.plugin_token())
    assert before != after
    assert {before, after} <= published_kids(server)


def test_without_a_grace_period_a_rotation_withdraws_the_old_key() -> None:
    with BetterAuthServer(secret=SECRET, plugin_algorithm="EdDSA", grace_period=0) as server:
        user = server.sign_up()
        before = kid(user.plugin_token())
        server.rotate()
        assert published_kids(server) == {kid(user.plugin_token())} != {before}


def test_a_key_signs_for_no_longer_than_the_rotation_interval() -> None:
    with BetterAuthServer(secret=SECRET, plugin_algorithm="EdDSA", rotation_interval=1) as server:
        user = server.sign_up()
        before = kid(user.plugin_token())
        time.sleep(1.1)
        assert kid(user.plugin_token()) != before


def test_fetches_of_the_jwks_are_counted_during_an_outage_too(server: BetterAuthServer) -> None:
    before = server.jwks_fetches()
    with server.jwks_outage():
        assert fetch(server.jwks_url).status_code == 503
    assert fetch(server.jwks_url).status_code == 200
    assert server.jwks_fetches() == before + 2


def test_a_front_end_that_cannot_start_says_so() -> None:
    impossible = BetterAuthServer(secret=SECRET, oauth_provider=True)
    with pytest.raises(RuntimeError, match="did not start"), impossible:
        pass


def test_a_front_end_ends_with_its_block() -> None:
    with BetterAuthServer(secret=SECRET) as server:
        assert fetch(server.url).status_code == 404
    assert is_gone(server.url)


def test_a_front_end_ends_with_a_test_run_that_is_killed() -> None:
    root = Path(__file__).parents[2]
    with Popen([sys.executable, "-c", KILLED], cwd=root, stdin=PIPE, stdout=PIPE, text=True) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        assert fetch(url).status_code == 404
        run.kill()
    assert is_gone(url)


def is_gone(url: str) -> bool:
    address = ("127.0.0.1", httpx.URL(url).port)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(address):
                return True
        time.sleep(0.05)
    return False
