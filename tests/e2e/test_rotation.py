"""Keys and secrets change, endpoints fail, strangers knock: whoever holds a valid token does not notice."""

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
from tests.integration.development.embedded.programs import eventually

pytestmark = [needs_node, pytest.mark.serial]

SECRET = "the-current-secret-of-more-than-32-characters"
OLD_SECRET = "the-previous-secret-of-more-than-32-characters"
CLIENTS = 4
ENOUGH = 50
STRANGERS = 1000
PLACES = 100


class Answer(NamedTuple):
    """What a client got for a token of which key, and how long that took."""

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
    """An API that has not fetched any key yet."""
    return start_api(better_auth_url=front_end.url, rate_limit="off")


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def forged(token: str) -> str:
    """The token, as if a key that does not exist had signed it."""
    header = base64url.encode(json.dumps({"alg": "ES256", "kid": str(uuid4())}).encode())
    return ".".join([header, *token.split(".")[1:]])


def ask(http: httpx.Client, user: BetterAuthUser, token: str) -> Answer:
    start = time.perf_counter()
    response = http.get(f"/api/{user.id}/tasks", headers={"Authorization": f"Bearer {token}"})
    return Answer(kid(token), response.status_code, time.perf_counter() - start)


def usual_worst(answers: list[Answer]) -> float:
    """The seconds within which 19 of 20 answers came."""
    return quantiles((answer.seconds for answer in answers), n=20)[-1]


@contextmanager
def asking(api: ApiServer, user: BetterAuthUser, next_token: Callable[[], str]) -> Iterator[list[Answer]]:
    """Let clients ask on and on, at the same time, while the `with` block runs; their answers, as they come."""
    done, answers = Event(), list[Answer]()

    def keep_asking() -> None:
        with httpx.Client(base_url=api.url, timeout=10, trust_env=False) as http:
            while not done.is_set():
                answers.append(ask(http, user, next_token()))

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(keep_asking) for _ in range(CLIENTS)]
        try:
            yield answers
        finally:
            done.set()
    for client in clients:
        client.result()


def have_come(answers: list[Answer]) -> None:
    """Wait for enough of them."""
    eventually(lambda: len(answers) >= ENOUGH, seconds=30)


@pytest.mark.req("AUTH-FR-041", "AUTH-FR-043")
def test_a_rotation_refuses_no_valid_token(front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser) -> None:
    old, before = user.plugin_token(), front_end.jwks_fetches()
    with asking(api, user, lambda: old) as first:
        have_come(first)
        front_end.rotate()
        with asking(api, user, user.plugin_token) as later:
            have_come(later)
    assert {answer.status for answer in first + later} == {200}
    assert {answer.kid for answer in first}.isdisjoint(answer.kid for answer in later)
    assert front_end.jwks_fetches() - before == 2


@pytest.mark.req("AUTH-FR-043", "AUTH-FR-044")
def test_in_an_outage_known_keys_go_on_and_others_are_told_to_wait(
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


@pytest.mark.req("AUTH-FR-042")
def test_a_flood_of_unknown_keys_is_nobody_elses_trouble(
    front_end: BetterAuthServer, api: ApiServer, user: BetterAuthUser
) -> None:
    token, before = user.plugin_token(), front_end.jwks_fetches()
    known = cycle([user.plugin_token() for _ in range(100)])
    alone = [ask(api.http, user, next(known)) for _ in range(20)]
    during = []
    with (
        httpx.Client(base_url=api.url, timeout=20, trust_env=False, limits=httpx.Limits(max_connections=None)) as http,
        ThreadPoolExecutor(PLACES + CLIENTS) as pool,
    ):
        flood = [pool.submit(ask, http, user, forged(token)) for _ in range(STRANGERS)]
        while not all(stranger.done() for stranger in flood):
            during.append(ask(api.http, user, next(known)))
    assert {stranger.result().status for stranger in flood} <= {401, 429}
    assert {answer.status for answer in alone + during} == {200}
    assert len(during) > 20
    assert usual_worst(during) < usual_worst(alone) + 0.25
    assert front_end.jwks_fetches() - before < 10


@pytest.mark.req("AUTH-FR-020")
def test_during_a_roll_over_the_tokens_of_both_secrets_are_accepted(start_api: StartApi) -> None:
    secrets = f"2:{SECRET},1:{OLD_SECRET}"
    api = start_api(better_auth_secrets=secrets)
    before, after = BetterAuthServer(secret=OLD_SECRET), BetterAuthServer(secret=OLD_SECRET, secrets=secrets)
    for front_end in before, after:
        with front_end:
            user = front_end.sign_up()
            assert api.tasks(user.id, user.hs256_token()).status_code == 200
