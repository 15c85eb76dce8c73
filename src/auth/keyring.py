"""Verify signatures with the configured keys, one key and one algorithm at a time, with python-jose."""

from collections.abc import Iterable, Sequence

from jose import jwk, jws
from jose.backends.base import Key
from jose.exceptions import JOSEError

from src.auth.algorithms import HMAC_ALGORITHM
from src.auth.compact_jws import CompactToken
from src.auth.jwks import JwksClient
from src.auth.log_safe import log_safe
from src.errors.client import Unauthorized

# Some of python-jose's errors are not JOSEErrors; none may become a 500.
_NOT_SIGNED = (JOSEError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class Keyring:
    """The shared secrets, for HS256 only, and the keys of each JWKS, for all other algorithms.

    A secret's key is its UTF-8 bytes, unchanged, as in Better Auth.

    Raises:
        ValueError: A secret is empty (anyone could sign with it), or is a PEM or SSH key.
    """

    def __init__(self, secrets: Sequence[str], jwks: Iterable[JwksClient]) -> None:
        self._secrets, self._jwks = tuple(map(_secret_key, secrets)), tuple(jwks)

    def generation(self) -> int:
        """Return a number that changes with the published keys, and start refreshing keys that are too old."""
        generation = 0
        for jwks in self._jwks:
            jwks.refresh_if_stale()
            generation += jwks.generation
        return generation

    async def aclose(self) -> None:
        """Stop fetching keys and close the connections."""
        for jwks in self._jwks:
            await jwks.aclose()

    async def authenticate(self, token: CompactToken, jwks: JwksClient | None, age: float) -> None:
        """Verify the token's signature (RFC 7515, section 5.2), with a secret or with a key of `jwks`.

        `age` is the minimum age of the token, in seconds.

        Raises:
            Unauthorized: No key for the token's algorithm signed it.
            SigningKeysUnavailable: The token's key cannot be fetched.
        """
        if token.algorithm == HMAC_ALGORITHM:
            return self._check_secrets(token)
        key = await self._published_key(token, jwks, age)
        if not is_signed_by(token, key):
            raise Unauthorized(f"the {token.algorithm} signature is not of the key {log_safe(token.key_id)}")
        return None

    def _check_secrets(self, token: CompactToken) -> None:
        if not self._secrets:
            raise Unauthorized("HS256 needs a secret, and none is configured (BETTER_AUTH_SECRET)")
        if not any(is_signed_by(token, key) for key in self._secrets):
            raise Unauthorized(
                "the HS256 signature matches no configured secret: is BETTER_AUTH_SECRET the same on both sides?"
            )

    async def _published_key(self, token: CompactToken, jwks: JwksClient | None, age: float) -> Key:
        if jwks is None:
            configured = "of this issuer" if self._jwks else "(BETTER_AUTH_URL)"
            raise Unauthorized(f"{token.algorithm} needs a JWKS, and none {configured} is configured")
        if not isinstance(token.key_id, str):
            raise Unauthorized(f"the 'kid' is {log_safe(token.key_id)}, not the name of a key in the JWKS")
        return await jwks.key(token.key_id, token.algorithm, age)


def is_signed_by(token: CompactToken, key: Key) -> bool:
    """Return whether `key` signed the token with the algorithm of the token's header."""
    try:
        jws.verify(token.text, key, [token.algorithm])
    except _NOT_SIGNED:
        return False
    return True


def _secret_key(secret: str) -> Key:
    if not secret:
        raise ValueError("a secret must not be empty")
    try:
        # Bytes, never str, because python-jose tries to parse a string as JSON.
        return jwk.construct(secret.encode(), HMAC_ALGORITHM)
    except JOSEError:
        raise ValueError("a secret must not be a PEM or SSH key") from None
