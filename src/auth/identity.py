"""Who calls, as a verified token proves it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What one verified token says about its bearer; only `src.auth.verifier` makes one.

    `user_id` has 1 to 255 printable characters and no space. `email` is for display: it never identifies
    anybody. `expires_at` is the token's `exp`, in seconds since 1970; from then on the identity is void.
    """

    user_id: str
    email: str | None
    expires_at: float
