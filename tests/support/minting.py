"""Mint access tokens of every accepted algorithm, with real keys that are generated in each run."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from src.auth import base64url

NOW = 1_800_000_000.0
SECRET = "the-shared-secret-of-the-front-end-and-this-api"
ISSUER = "https://app.example.com"
AUDIENCE = "https://api.example.com"

type Json = dict[str, Any]
type Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Signer:
    """A signing key and its published JWK."""

    algorithm: str
    sign: Sign
    jwk: Json
    public: Any = None

    @property
    def header(self) -> Json:
        return {"alg": self.algorithm} | ({"kid": self.jwk["kid"]} if self.jwk else {"typ": "JWT"})


def number(value: int, size: int | None = None) -> str:
    return base64url.encode(value.to_bytes(size or (value.bit_length() + 7) // 8))


def hs256(secret: str | bytes = SECRET) -> Signer:
    key = secret.encode() if isinstance(secret, str) else secret
    return Signer("HS256", lambda message: hmac.digest(key, message, sha256), {})


def eddsa(kid: str) -> Signer:
    key = ed25519.Ed25519PrivateKey.generate()
    x = base64url.encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return Signer("EdDSA", key.sign, {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}, key.public_key())


def ecdsa(kid: str, algorithm: str) -> Signer:
    curve, size, hashing = {
        "ES256": (ec.SECP256R1(), 32, SHA256()),
        "ES512": (ec.SECP521R1(), 66, SHA512()),
    }[algorithm]
    key = ec.generate_private_key(curve)

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashing)))
        return r.to_bytes(size) + s.to_bytes(size)

    point = key.public_key().public_numbers()
    crv = {"ES256": "P-256", "ES512": "P-521"}[algorithm]
    jwk = {"kty": "EC", "crv": crv, "kid": kid, "x": number(point.x, size), "y": number(point.y, size)}
    return Signer(algorithm, sign, jwk, key.public_key())


def rsa_signer(kid: str, algorithm: str, bits: int = 2048) -> Signer:
    key = rsa.generate_private_key(65537, bits)
    pss = padding.PSS(padding.MGF1(SHA256()), salt_length=32)
    scheme = pss if algorithm == "PS256" else padding.PKCS1v15()
    public = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e)}
    return Signer(algorithm, lambda message: key.sign(message, scheme, SHA256()), jwk, key.public_key())


HS256 = hs256()
EDDSA = eddsa("ed")
ES256 = ecdsa("p256", "ES256")
ES512 = ecdsa("p521", "ES512")
RS256 = rsa_signer("rsa", "RS256")
PS256 = rsa_signer("pss", "PS256")
PUBLISHED = (EDDSA, ES256, ES512, RS256, PS256)
SIGNERS = (HS256, *PUBLISHED)


def jwks(*signers: Signer) -> Json:
    return {"keys": [signer.jwk for signer in signers]}


def claims(**changes: object) -> Json:
    """Return the jwt plugin's claims, with changes; `...` removes a claim."""
    usual = {"sub": "user-1", "email": "demo@example.com", "iat": NOW - 10, "exp": NOW + 900}
    merged = usual | {"iss": ISSUER, "aud": AUDIENCE} | changes
    return {name: value for name, value in merged.items() if value is not ...}


def segment(content: object) -> str:
    """Encode a segment: bytes as they are, anything else as JSON."""
    return base64url.encode(content if isinstance(content, bytes) else json.dumps(content).encode())


def mint(payload: object, signer: Signer = HS256, header: object = None) -> str:
    """Mint a token with a valid signature, whatever its header and payload are."""
    signed = f"{segment(signer.header if header is None else header)}.{segment(payload)}"
    return f"{signed}.{base64url.encode(signer.sign(signed.encode()))}"


def token(signer: Signer = HS256, /, **changes: object) -> str:
    """Mint a valid token, with changes to its claims."""
    return mint(claims(**changes), signer)
