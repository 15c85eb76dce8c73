"""The identity of a caller, proven by a verified token."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that a verified token identifies; only `src.auth.verifier` creates one.

    `user_id` has 1 to 255 printable characters and no space. `email` is for display and identifies no user.
    `expires_at` is the token's `exp` in seconds since 1970; the identity is invalid from then on. `scopes` are those of
    an OAuth access token, and None for the token of a session, which may do all that its user may do.
    """

    user_id: str
    email: str | None
    expires_at: float
    scopes: frozenset[str] | None = None
