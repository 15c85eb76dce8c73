"""Define the accepted signature algorithms, and add the two that python-jose lacks: EdDSA and PS256."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyRSAKey
from jose.jwk import register_key

from src.auth import base64url

HMAC_ALGORITHM: Final = "HS256"
JWKS_ALGORITHMS: Final = ("EdDSA", "ES256", "ES512", "RS256", "PS256")
ALGORITHMS: Final = (HMAC_ALGORITHM, *JWKS_ALGORITHMS)

# RFC 7518, section 3.5: the salt is as long as the hash.
_PSS: Final = PSS(mgf=MGF1(SHA256()), salt_length=PSS.DIGEST_LENGTH)


class Ed25519Key(Key):
    """An Ed25519 public key for `alg: EdDSA` (RFC 8037), for verification only."""

    def __init__(self, key: dict[str, str], algorithm: str) -> None:
        super().__init__(key, algorithm)
        self._public = Ed25519PublicKey.from_public_bytes(base64url.decode(key["x"]))

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Return whether `sig` is this key's signature of `msg`."""
        try:
            self._public.verify(sig, msg)
        except InvalidSignature:
            return False
        return True


class RsaPssKey(CryptographyRSAKey):
    """An RSA public key for `alg: PS256` (RFC 7518, section 3.5), for verification only."""

    def __init__(self, key: dict[str, str], _algorithm: str) -> None:
        super().__init__(key, "RS256")  # the base class does not support PS256; the name only selects its own padding

    def verify(self, msg: bytes, sig: bytes) -> bool:
        """Return whether `sig` is this key's signature of `msg`."""
        try:
            self.prepared_key.verify(sig, msg, _PSS, SHA256())
        except InvalidSignature:
            return False
        return True


register_key("EdDSA", Ed25519Key)
register_key("PS256", RsaPssKey)
