"""Tokens as a Next.js route of a Better Auth front end mints them."""

import time

from jose import jwk, jwt

SECRET = "a secret that only the tests and the app under test know"


def mint(user_id: str, secret: str = SECRET, **claims: object) -> str:
    """An HS256 token for a user, for longer than tests run; claims are added to the usual ones or replace them."""
    now = int(time.time())
    usual = {"sub": user_id, "email": f"{user_id}@example.com", "iat": now, "exp": now + 86400}
    return jwt.encode(usual | claims, jwk.construct(secret.encode(), "HS256"), "HS256")
