"""The `session_data` cookie as a token, if the settings allow it."""

import pytest

from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from tests.support.minting import NOW, SECRET, Json, mint

pytestmark = pytest.mark.req("AUTH-FR-037")


def cookie(user_id: object = "user-1", session_user_id: object = "user-1", **changes: object) -> str:
    """Return the payload of Better Auth's `cookieCache: {strategy: "jwt"}`."""
    session: Json = {"id": "s1", "userId": session_user_id, "token": "t", "expiresAt": "2030-01-01T00:00:00.000Z"}
    user: Json = {"id": user_id, "email": "demo@example.com", "name": "Demo user", "emailVerified": True}
    payload = {"session": session, "user": user, "updatedAt": NOW * 1000, "version": "1", "iat": NOW, "exp": NOW + 300}
    return mint(payload | changes, header={"alg": "HS256"})


def cookies_accepted(*, accepted: bool) -> TokenVerifier:
    return TokenVerifier(secrets=[SECRET], accept_session_cookie_cache=accepted, clock=lambda: NOW)


async def test_it_is_refused_by_default() -> None:
    with pytest.raises(Unauthorized) as refusal:
        await cookies_accepted(accepted=False).verify(cookie())
    assert "a 'session_data' cookie: send the JWT of /api/auth/token" in refusal.value.reason


async def test_it_names_the_user_of_its_session() -> None:
    identity = await cookies_accepted(accepted=True).verify(cookie())
    assert (identity.user_id, identity.email, identity.expires_at) == ("user-1", "demo@example.com", NOW + 300)


@pytest.mark.parametrize(
    ("user_id", "session_user_id"),
    [("user-1", "user-2"), ("user-1", None), (None, None), (1, 1), ("", ""), ([], []), ("a b", "a b"), (1, True)],
)
async def test_it_is_refused_when_it_names_no_user_or_two(user_id: object, session_user_id: object) -> None:
    with pytest.raises(Unauthorized):
        await cookies_accepted(accepted=True).verify(cookie(user_id, session_user_id))


@pytest.mark.parametrize("changes", [{"user": {}}, {"user": {}, "session": {}}, {"session": None}, {"user": []}])
async def test_it_is_refused_when_a_half_is_missing(changes: Json) -> None:
    with pytest.raises(Unauthorized):
        await cookies_accepted(accepted=True).verify(cookie(**changes))


async def test_it_expires_like_any_token() -> None:
    with pytest.raises(Unauthorized, match="expired or invalid") as refusal:
        await cookies_accepted(accepted=True).verify(cookie(exp=NOW))
    assert "expired" in refusal.value.reason


async def test_accepting_it_changes_nothing_for_verification_links() -> None:
    link = mint({"email": "demo@example.com", "iat": NOW, "exp": NOW + 3600}, header={"alg": "HS256"})
    with pytest.raises(Unauthorized):
        await cookies_accepted(accepted=True).verify(link)
