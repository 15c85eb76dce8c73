"""Tokens for development, signed as Better Auth would sign them."""

import time

from jose import jwk, jwt

from src.config import Settings

_TOKEN_SECONDS = 24 * 3600


def mint(settings: Settings, user_id: str) -> str:
    """Sign a token that the API accepts for this user for a day."""
    now = int(time.time())
    claims: dict[str, str | int | None] = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "iat": now,
        "exp": now + _TOKEN_SECONDS,
    }
    claims[settings.better_auth_user_id_claim] = user_id
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, jwk.construct(settings.secrets[0].encode(), "HS256"), "HS256")
