"""Key rotation, JWKS outages and floods of unknown keys do not affect requests with valid tokens."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from statistics import quantiles
from threading import Event
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest
from jose import jwt

from src.auth import base64url
from tests.e2e.api_server import ApiServer
from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser, needs_node
from tests.e2e.conftest import StartApi
from tests.support.programs import eventually

pytestmark = [needs_node, pytest.mark.serial]

SECRET = "the-current-secret-of-more-than-32-characters"
OLD_SECRET = "the-previous-secret-of-more-than-32-characters"
CLIENTS = 4
ENOUGH = 50
STRANGERS = 1000
PLACES = 100
COOLDOWN = 5


class Result(NamedTuple):
    """A response's status, the key of the request's token, and the time that it took."""

    kid: str
    status: int
    seconds: float


@pytest.fixture(scope="module")
def front_end() -> Iterator[BetterAuthServer]:
    # Signatures of ES256 are random: each token is a new one, which no memory of verified tokens knows.
    with BetterAuthServer(secret=SECRET, plugin_algorithm="ES256") as running:
        yield running


@pytest.fixture(scope="module")
def user(front_end: BetterAuthServer) -> BetterAuthUser:
    return front_end.sign_up()


@pytest.fixture
def api(start_api: StartApi, front_end: BetterAuthServer) -> ApiServer:
    """Start an API that has not fetched any key yet."""
    return start_api(better_auth_url=front_end.url, rate_limit="off")


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def forged(token: str) -> str:
    """Return the token with the id of a key that does not exist."""
    header = base64url.encode(json.dumps({"alg": "ES256", "kid": str(uuid4())}).encode())
    return ".".join([header, *token.split(".")[1:]])


def send(http: httpx.Client, user: BetterAuthUser, token: str) -> Result:
    start = time.perf_counter()
    response = http.get(f"/api/{user.id}/tasks", headers={"Authorization": f"Bearer {token}"})
    return Result(kid(token), response.status_code, time.perf_counter() - start)


def percentile_95(responses: list[Result]) -> float:
    """Return the 95th percentile of the response times in seconds."""
    return quantiles((response.seconds for response in responses), n=20)[-1]


@contextmanager
def concurrent_requests(api: ApiServer, user: BetterAuthUser, next_token: Callable[[], str]) -> Iterator[list[Result]]:
    """Let concurrent clients send requests until the `with` block ends; yield the growing list of results."""
    done, results = Event(), list[Result]()

    def keep_sending() -> None:
        with httpx.Client(base_url=api.url, timeout=10, trust_env=False) as http:
            while not done.is_set():
                results.append(send(http, user, next_token()))

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(keep_sending) for _ in range(CLIENTS)]
        try:
            yield results
        finally:
            done.set()
    for client in clients:
        client.result()


def await_results(results: list[Result]) -> None:
    """Wait until the list has enough results."""
    eventually(lambda: len(results) >= ENOUGH, seconds=30)


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-043")
def test_a_rotation_refuses_no_valid_token(front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser) -> None:
    old, before = user.plugin_token(), front_end.jwks_fetches()
    with concurrent_requests(api, user, lambda: old) as first:
        await_results(first)
        front_end.rotate()
        with concurrent_requests(api, user, user.plugin_token) as later:
            await_results(later)
    assert {result.status for result in first + later} == {200}
    assert {result.kid for result in first}.isdisjoint(result.kid for result in later)
    assert front_end.jwks_fetches() - before == 2


@pytest.mark.req("AUTH-FR-043", "AUTH-FR-044")
def test_in_an_outage_cached_keys_are_accepted_and_others_get_503_with_retry_after(
    front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser
) -> None:
    used, unused = user.plugin_token(), user.plugin_token()
    assert api.tasks(user.id, used).status_code == 200
    front_end.rotate()
    of_new_key = user.plugin_token()
    with front_end.jwks_outage():
        refusal = api.tasks(user.id, of_new_key)
        assert refusal.status_code == 503
        assert [api.tasks(user.id, token).status_code for token in (used, unused)] == [200, 200]
    time.sleep(int(refusal.headers["Retry-After"]))
    assert api.tasks(user.id, of_new_key).status_code == 200


@pytest.mark.slow
@pytest.mark.req("AUTH-FR-042")
def test_a_flood_of_unknown_keys_does_not_affect_other_clients(
    front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser
) -> None:
    token, before = user.plugin_token(), front_end.jwks_fetches()
    cached = cycle([user.plugin_token() for _ in range(100)])
    alone = [send(api.http, user, next(cached)) for _ in range(20)]
    during = []
    with (
        httpx.Client(base_url=api.url, timeout=20, trust_env=False, limits=httpx.Limits(max_connections=None)) as http,
        ThreadPoolExecutor(PLACES + CLIENTS) as pool,
    ):
        flood = [pool.submit(send, http, user, forged(token)) for _ in range(STRANGERS)]
        while not all(stranger.done() for stranger in flood):
            during.append(send(api.http, user, next(cached)))
    assert {stranger.result().status for stranger in flood} <= {401, 429}
    assert {response.status for response in alone + during} == {200}
    assert len(during) > 20
    assert percentile_95(during) < percentile_95(alone) + 0.25
    assert front_end.jwks_fetches() - before < 10


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-060")
def test_a_key_that_does_not_exist_is_refused_at_once_and_delays_no_rotation(
    front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser
) -> None:
    assert api.tasks(user.id, user.plugin_token()).status_code == 200
    stranger, before = forged(user.plugin_token()), front_end.jwks_fetches()
    refused = [send(api.http, user, stranger) for _ in range(20)]
    front_end.rotate()
    rotated = send(api.http, user, user.plugin_token())
    assert {result.status for result in refused} <= {401, 429}
    assert rotated.status == 200
    assert max(result.seconds for result in [*refused, rotated]) < COOLDOWN / 2
    assert front_end.jwks_fetches() - before <= 3


@pytest.mark.slow
@pytest.mark.req("AUTH-FR-020")
def test_during_a_roll_over_the_tokens_of_both_secrets_are_accepted(start_api: StartApi) -> None:
    secrets = f"2:{SECRET},1:{OLD_SECRET}"
    api = start_api(better_auth_secrets=secrets)
    before, after = BetterAuthServer(secret=OLD_SECRET), BetterAuthServer(secret=OLD_SECRET, secrets=secrets)
    for front_end in before, after:
        with front_end:
            user = front_end.sign_up()
            assert api.tasks(user.id, user.hs256_token()).status_code == 200
