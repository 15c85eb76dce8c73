"""JWKS outages: cached keys are used, and unknown ones are a 503."""

import asyncio
import logging
import time

import pytest

from src.auth.jwks import JwksClient
from src.errors.client import Unauthorized
from src.errors.server import SigningKeysUnavailable
from tests.support.jwks_server import JwksServer, serving
from tests.support.minting import EDDSA, ES256, jwks
from tests.unit.auth.clock import COOLDOWN, MAX_AGE, Clock, until_fetched


async def until_hit(server: JwksServer, hits: int) -> None:
    """Return when the server has sent its response to this request."""
    async with asyncio.timeout(2):
        while server.hits < hits or server.answering:  # noqa: ASYNC110 - the server has no event for its requests
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)


def client_of(url: str, clock: Clock, timeout: float = 1) -> JwksClient:
    return JwksClient(url, max_age=MAX_AGE, cooldown=COOLDOWN, timeout=timeout, clock=clock)


@pytest.mark.req("AUTH-FR-043", "AUTH-FR-044")
async def test_cached_keys_are_accepted_and_unknown_ones_are_a_503() -> None:
    clock = Clock()
    async with serving(jwks(EDDSA)) as server:
        client, port = client_of(server.url, clock), server.port
        await client.key("ed", "EdDSA")
    for _ in range(3):
        clock.now += MAX_AGE
        assert await client.key("ed", "EdDSA") is client.cached_key("ed", "EdDSA")
        with pytest.raises(SigningKeysUnavailable) as outage:
            await client.key("p256", "ES256")
        assert outage.value.status == 503
        assert outage.value.headers == {"Retry-After": "5"}
    async with serving(jwks(EDDSA, ES256), port):
        clock.now += COOLDOWN
        await client.key("p256", "ES256")
    await client.aclose()


@pytest.mark.req("AUTH-FR-044")
async def test_an_api_that_starts_before_its_front_end_recovers_by_itself() -> None:
    clock = Clock()
    async with serving({}) as server:
        client, port = client_of(server.url, clock), server.port
    with pytest.raises(SigningKeysUnavailable):
        await client.key("ed", "EdDSA")
    async with serving(jwks(EDDSA), port) as server:
        with pytest.raises(SigningKeysUnavailable):
            await client.key("ed", "EdDSA")
        assert server.hits == 0
        clock.now += COOLDOWN
        await client.key("ed", "EdDSA")
        with pytest.raises(Unauthorized):
            await client.key("nobody", "EdDSA")
    await client.aclose()


@pytest.mark.req("AUTH-FR-045")
@pytest.mark.parametrize("document", [[], {}, None, 1, "x", {"keys": {}}, {"keys": None}, {"keys": "x"}, {"key": []}])
async def test_an_invalid_key_set_does_not_replace_a_valid_one(
    document: object, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with serving(jwks(EDDSA)) as server:
        client = client_of(server.url, clock)
        await client.key("ed", "EdDSA")
        server.document = document
        with caplog.at_level(logging.WARNING), pytest.raises(SigningKeysUnavailable):
            await client.key("p256", "ES256")
        assert client.cached_key("ed", "EdDSA") is not None
        await client.aclose()
    assert "the response is not a JWK Set" in caplog.text


@pytest.mark.req("AUTH-FR-044", "AUTH-FR-045")
async def test_an_endpoint_that_never_responds_is_a_503_after_the_timeout_for_all_waiting_requests() -> None:
    async with serving(jwks(EDDSA)) as server:
        server.delay = 30
        client = client_of(server.url, Clock(), timeout=0.2)
        started = time.monotonic()
        ends = await asyncio.gather(*(client.key("ed", "EdDSA") for _ in range(100)), return_exceptions=True)
        assert all(isinstance(end, SigningKeysUnavailable) for end in ends)
        assert time.monotonic() - started < 1
        assert server.hits == 1
        await client.aclose()


@pytest.mark.req("AUTH-FR-040", "AUTH-FR-043")
async def test_a_failed_refresh_is_retried_after_the_cool_down() -> None:
    clock = Clock()
    async with serving(jwks(EDDSA)) as server:
        client = client_of(server.url, clock)
        await client.key("ed", "EdDSA")
        server.status = 500
        clock.now += MAX_AGE
        for _ in range(20):
            assert client.cached_key("ed", "EdDSA") is not None
            await asyncio.sleep(0.005)
        assert server.hits == 2
        server.status, server.document = 200, jwks(EDDSA, ES256)
        clock.now += COOLDOWN
        client.refresh_if_stale()
        await until_fetched(client, 2)
        assert client.cached_key("p256", "ES256") is not None
        await client.aclose()


@pytest.mark.req("AUTH-FR-059")
@pytest.mark.parametrize("keys", [[], [{}], [{"kty": "OKP", "kid": "ed"}], [EDDSA.jwk | {"d": "secret"}], [1, "x"]])
async def test_a_set_without_a_usable_key_keeps_the_known_keys_and_is_logged(
    keys: list[object], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with serving(jwks(EDDSA)) as server:
        client = client_of(server.url, clock)
        await client.key("ed", "EdDSA")
        server.document = {"keys": keys}
        for _ in range(3):
            clock.now += MAX_AGE
            hits = server.hits
            await client.key("ed", "EdDSA")
            await until_hit(server, hits + 1)
            assert client.cached_key("ed", "EdDSA") is not None
        clock.now += COOLDOWN
        with caplog.at_level(logging.WARNING), pytest.raises(SigningKeysUnavailable):
            await client.key("p256", "ES256")
        assert client.generation == 1
        server.document = jwks(ES256)
        clock.now += COOLDOWN
        await client.key("p256", "ES256")
        assert client.cached_key("ed", "EdDSA") is None
        await client.aclose()
    assert "the JWK Set has no usable key" in caplog.text


@pytest.mark.req("AUTH-FR-059")
async def test_a_front_end_that_has_no_key_yet_is_a_503() -> None:
    clock = Clock()
    async with serving(jwks()) as server:
        client = client_of(server.url, clock)
        with pytest.raises(SigningKeysUnavailable):
            await client.key("ed", "EdDSA")
        server.document = jwks(EDDSA)
        clock.now += COOLDOWN
        await client.key("ed", "EdDSA")
        await client.aclose()


async def test_the_log_names_the_endpoint_without_its_password(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of("http://user:pass-word@127.0.0.1:1/jwks", Clock())
    with caplog.at_level(logging.WARNING), pytest.raises(SigningKeysUnavailable):
        await client.key("ed", "EdDSA")
    await client.aclose()
    assert "127.0.0.1:1/jwks" in caplog.text
    assert "pass-word" not in caplog.text
