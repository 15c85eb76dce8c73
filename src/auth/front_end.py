"""The front ends whose tokens are accepted."""

from dataclasses import dataclass, field

from src.auth.jwks import JwksClient
from src.schemas.origin import OriginSet


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A Better Auth server: what its tokens have as `iss` and `aud`, and the client of its JWKS.

    Its keys are trusted for its own issuers only. An empty set stands for any value.
    """

    issuers: OriginSet = field(default_factory=OriginSet)
    audiences: OriginSet = field(default_factory=OriginSet)
    jwks: JwksClient | None = None

    @property
    def names_its_tokens(self) -> bool:
        """Whether an issuer and an audience distinguish its access tokens from other tokens of the same keys."""
        return bool(self.issuers) and bool(self.audiences)
