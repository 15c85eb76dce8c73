"""Front ends for verifiers in tests."""

from src.auth.front_end import FrontEnd
from src.auth.jwks import JwksClient
from src.schemas.origin import OriginSet
from tests.support.minting import AUDIENCE, ISSUER


def front_end(
    jwks: JwksClient | None = None, *, issuer: str | None = ISSUER, audience: str | None = AUDIENCE
) -> FrontEnd:
    """Return a front end with one issuer and one audience, or none."""
    return FrontEnd(OriginSet([issuer] if issuer else []), OriginSet([audience] if audience else []), jwks)
