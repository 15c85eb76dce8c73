"""Tokens for development, signed as Better Auth would sign them."""

import time

from jose import jwk, jwt

from src.config import Settings
from src.schemas.origin import WILDCARD

_TOKEN_SECONDS = 24 * 3600


def mint(settings: Settings, user_id: str) -> str:
    """Sign a token that the API accepts for this user for a day."""
    now = int(time.time())
    claims = {"iat": now, "exp": now + _TOKEN_SECONDS, settings.better_auth_user_id_claim: user_id}
    for front_end in settings.front_ends[:1]:
        claims |= _example("iss", front_end.issuers) | _example("aud", front_end.audiences)
    return jwt.encode(claims, jwk.construct(settings.secrets[0].encode(), "HS256"), "HS256")


def _example(claim: str, names: list[str]) -> dict[str, str]:
    """Return the claim with a value that the API accepts, if it requires one."""
    return {claim: names[0].replace(WILDCARD, "development")} if names else {}
