"""Mint tokens as a Next.js route of a Better Auth front end does."""

import time

from jose import jwk, jwt

SECRET = "a secret that only the tests and the app under test know"


def mint(user_id: str, secret: str = SECRET, **claims: object) -> str:
    """Mint an HS256 token that outlasts the tests; claims extend or replace the default ones."""
    now = int(time.time())
    usual = {"sub": user_id, "email": f"{user_id}@example.com", "iat": now, "exp": now + 86400}
    return jwt.encode(usual | claims, jwk.construct(secret.encode(), "HS256"), "HS256")
