"""Verify tokens of several kinds on one path: those of sessions and those of OAuth clients."""

from collections.abc import Sequence

from src.auth.identity import Identity
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized


class SeveralKindsVerifier:
    """Verifies a token by the verifier of its kind; if it is of none, the error is that of the first verifier."""

    def __init__(self, verifiers: Sequence[TokenVerifier]) -> None:
        self._verifiers = verifiers

    async def verify(self, token: str) -> Identity:
        """Verify a token and return its identity; raises the errors of `TokenVerifier.verify`."""
        for each in self._verifiers:
            if identity := each.cached(token):
                return identity
        return await next((each for each in self._verifiers if _is_of(each, token)), self._verifiers[0]).verify(token)


def _is_of(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.parse(token)
    except Unauthorized:
        return False
    return True
