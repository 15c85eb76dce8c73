"""Limits of the claims of a signed token."""

import pytest

from src.auth.front_end import FrontEnd
from src.auth.jwks import JwksClient
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from src.schemas.origin import OriginSet
from tests.support.front_ends import front_end
from tests.support.jwks_server import JwksServer
from tests.support.minting import AUDIENCE, EDDSA, HS256, ISSUER, NOW, SECRET, claims, mint, token


def with_secret(*front_ends: FrontEnd, user_id_claim: str = "sub") -> TokenVerifier:
    return TokenVerifier(secrets=[SECRET], front_ends=front_ends, user_id_claim=user_id_claim, clock=lambda: NOW)


async def reason_of(verifier: TokenVerifier, text: str) -> str:
    with pytest.raises(Unauthorized) as refusal:
        await verifier.verify(text)
    return refusal.value.reason


@pytest.mark.req("AUTH-FR-028")
async def test_a_token_is_valid_until_exactly_its_expiration() -> None:
    identity = await with_secret().verify(token(exp=NOW + 0.001))
    assert identity.expires_at == NOW + 0.001
    assert "expired" in await reason_of(with_secret(), token(exp=NOW))


@pytest.mark.req("AUTH-FR-027")
@pytest.mark.parametrize("end", [NOW + 1, int(NOW) + 1, NOW + 0.5, 253402300799])
async def test_any_finite_end_before_the_year_10000_will_do(end: float) -> None:
    assert (await with_secret().verify(token(exp=end))).expires_at == end


@pytest.mark.req("AUTH-FR-027")
async def test_an_end_in_milliseconds_is_named_as_such() -> None:
    assert "milliseconds" in await reason_of(with_secret(), token(exp=(NOW + 900) * 1000))


@pytest.mark.req("AUTH-FR-029", "AUTH-FR-030")
@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_another_clock_may_be_ahead_by_30_seconds(name: str) -> None:
    await with_secret().verify(token(HS256, **{name: NOW + 30}))
    assert "clocks" in await reason_of(with_secret(), token(HS256, **{name: NOW + 30.5}))


@pytest.mark.req("AUTH-FR-029", "AUTH-FR-030")
async def test_neither_nbf_nor_iat_is_required() -> None:
    await with_secret().verify(token(iat=..., nbf=...))


@pytest.mark.req("AUTH-FR-032")
async def test_hs256_tokens_need_neither_issuer_nor_audience() -> None:
    verifier = with_secret(front_end())
    await verifier.verify(token(iss=..., aud=...))
    assert "the issuer is 'http://other'" in await reason_of(verifier, token(iss="http://other"))
    assert "the audience is 'http://other'" in await reason_of(verifier, token(aud="http://other"))


@pytest.mark.req("AUTH-FR-032")
async def test_without_configured_issuer_and_audience_the_shared_secret_suffices() -> None:
    await with_secret().verify(token(iss="http://any", aud=["http://any"]))
    assert "the issuer is a value of type int" in await reason_of(with_secret(), token(iss=1))
    assert "'aud' is neither" in await reason_of(with_secret(), token(aud=[1]))


@pytest.mark.req("AUTH-FR-033")
@pytest.mark.parametrize("name", ["iss", "aud"])
async def test_the_settings_can_demand_issuer_and_audience_of_hs256(name: str) -> None:
    strict = TokenVerifier(
        secrets=[SECRET],
        front_ends=[front_end()],
        require_issuer_and_audience_for_hs256=True,
        clock=lambda: NOW,
    )
    await strict.verify(token())
    assert f"there is no '{name}': the settings" in await reason_of(strict, token(HS256, **{name: ...}))


@pytest.mark.req("AUTH-FR-031")
@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE], ["second"]])
async def test_one_of_several_audiences_is_enough(server: JwksServer, audience: object) -> None:
    client = JwksClient(server.url)
    front_ends = [FrontEnd(OriginSet([ISSUER]), OriginSet([AUDIENCE, "second"]), client)]
    verifier = TokenVerifier(front_ends=front_ends, clock=lambda: NOW)
    await verifier.verify(token(EDDSA, aud=audience))
    await client.aclose()


@pytest.mark.req("AUTH-FR-034")
@pytest.mark.parametrize(
    "user_id", ["1", "x" * 255, "test-user-123", "demo@example.com", "o'brien;--", "日本語", "..x", "é🎉"]
)
async def test_any_printable_user_id_is_accepted_unchanged(user_id: str) -> None:
    assert (await with_secret().verify(token(sub=user_id))).user_id == user_id


@pytest.mark.req("AUTH-FR-034")
async def test_another_claim_can_name_the_user_and_then_only_that_one() -> None:
    verifier = with_secret(user_id_claim="userId")
    assert (await verifier.verify(token(userId="other"))).user_id == "other"
    assert "there is no 'userId'" in await reason_of(verifier, token())


@pytest.mark.req("AUTH-FR-038")
@pytest.mark.parametrize("email", ["demo@example.com", "x" * 320, "ü@例え.jp"])
async def test_an_address_is_passed_on(email: str) -> None:
    assert (await with_secret().verify(token(email=email))).email == email


@pytest.mark.req("AUTH-FR-038")
@pytest.mark.parametrize("email", [..., None, 1, True, [], {}, "x" * 321, "a\n@b", "\ud800@b", "a\0@b"])
async def test_a_token_without_an_address_is_accepted(email: object) -> None:
    identity = await with_secret().verify(token(email=email))
    assert identity.email is None


@pytest.mark.req("AUTH-FR-035")
async def test_an_address_alone_does_not_identify_a_user() -> None:
    link = mint({"email": "demo@example.com", "iat": NOW, "exp": NOW + 3600}, HS256, {"alg": "HS256"})
    assert "e-mail verification link" in await reason_of(with_secret(), link)
    assert "there is no 'sub'" in await reason_of(with_secret(), mint(claims(sub=..., email=...)))
