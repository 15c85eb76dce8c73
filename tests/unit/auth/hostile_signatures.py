"""Well-formed tokens with valid claims and untrusted signatures."""

import json
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from src.auth import base64url
from tests.support.minting import ES256, HS256, PUBLISHED, SECRET, SIGNERS, Signer, claims, eddsa, hs256, mint, token
from tests.unit.auth.hostile import Hostile

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
OTHER_SECRETS = ["", "\0", f"{SECRET}\n", SECRET[:-1], SECRET.upper(), f'"{SECRET}"']
DEFAULT_SECRET = "better-auth-secret-12345678901234567890"
ODD_KEY_IDS = ["", "unknown", "ED", "ed ", "ed\0", "../../dev/null", "' OR 1=1 --", "x" * 2000, "\u2028\x1b[31m", "*"]
NO_KEY_IDS: list[object] = [None, 1, True, [], ["ed"], {"ed": 1}]
ATTACKER = eddsa("ed")
BROUGHT = {"jwk": ATTACKER.jwk, "jku": "http://127.0.0.1:1/jwks", "x5u": "http://127.0.0.1:1/x", "x5c": ["MIIB"]}


def forgeries() -> Iterator[Hostile]:
    """Yield tokens whose signature does not match the text."""
    for signer in SIGNERS:
        signed, _, signature = token(signer).rpartition(".")
        for name, forged in _altered(base64url.decode(signature)).items():
            yield Hostile(f"{signer.algorithm} {name}", f"{signed}.{base64url.encode(forged)}", "signature")
        for name, value in (("sub", "user-2"), ("exp", 4e9), ("admin", True)):
            changed = mint(claims(**{name: value}), signer).rpartition(".")[0]
            yield Hostile(f"{signer.algorithm} with another {name}", f"{changed}.{signature}", "signature")
        header = mint(claims(), signer, signer.header | {"cty": "x"}).partition(".")[0]
        moved = f"{header}.{token(signer).partition('.')[2]}"
        yield Hostile(f"{signer.algorithm} with another header", moved, "signature")


def _altered(signature: bytes) -> dict[str, bytes]:
    return {
        "first bit": bytes([signature[0] ^ 1]) + signature[1:],
        "last bit": signature[:-1] + bytes([signature[-1] ^ 1]),
        "cut": signature[:-1],
        "half": signature[: len(signature) // 2],
        "longer": signature + b"\0",
        "twice": signature * 2,
        "zeros": bytes(len(signature)),
        "ones": b"\xff" * len(signature),
        "one zero": b"\0",
        "reversed": signature[::-1],
    }


def curve_tricks() -> Iterator[Hostile]:
    """Yield numbers that a careless implementation of ECDSA accepts, and another encoding of valid ones."""
    signed, _, signature = token(ES256).rpartition(".")
    r, s = (int.from_bytes(half) for half in (base64url.decode(signature)[:32], base64url.decode(signature)[32:]))
    for name, first, second in (
        ("r=0", 0, s),
        ("s=0", r, 0),
        ("s=1", r, 1),
        ("r=n", P256_ORDER, s),
        ("s=n", r, P256_ORDER),
    ):
        forged = first.to_bytes(32) + second.to_bytes(32)
        yield Hostile(f"ES256 {name}", f"{signed}.{base64url.encode(forged)}", "signature")
    yield Hostile("ES256 in DER", f"{signed}.{base64url.encode(encode_dss_signature(r, s))}", "signature")


def other_secrets() -> Iterator[Hostile]:
    """Yield tokens signed with secrets that are almost right, well known or public."""
    for secret in [*OTHER_SECRETS, DEFAULT_SECRET]:
        yield Hostile(f"secret {secret[-6:]!a} of {len(secret)}", mint(claims(), hs256(secret)), "secret")
    for signer in PUBLISHED:
        for name, material in _spelled(signer).items():
            for header in (HS256.header, HS256.header | {"kid": signer.jwk["kid"]}):
                forged = mint(claims(), hs256(material), header)
                yield Hostile(f"{signer.jwk['kid']} in {name} {len(header)}", forged, "secret")


def _spelled(signer: Signer) -> dict[str, bytes]:
    number = signer.jwk.get("x") or signer.jwk["n"]
    return {
        "DER": signer.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PEM": signer.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(signer.jwk).encode(),
        "JWKS": json.dumps({"keys": [signer.jwk]}).encode(),
        "base64url": number.encode(),
        "bytes": base64url.decode(number),
    }


def confusions() -> Iterator[Hostile]:
    """Yield tokens that use a trusted key with another algorithm or key ID."""
    for signer in SIGNERS:
        for other in (other for other in SIGNERS if other is not signer):
            claimed = signer.header | {"alg": other.algorithm}
            yield Hostile(f"{signer.algorithm} as {other.algorithm}", mint(claims(), signer, claimed), "")
            posing = mint(claims(), signer, other.header)
            yield Hostile(f"{signer.algorithm} as the key of {other.algorithm}", posing, "")


def wrong_names() -> Iterator[Hostile]:
    """Yield tokens with unknown key IDs."""
    for kid in ODD_KEY_IDS:
        yield Hostile(f"kid {kid[:16]!a}", mint(claims(), ATTACKER, ATTACKER.header | {"kid": kid}), "the JWKS has no")
    for unnamed in NO_KEY_IDS:
        yield Hostile(f"kid {unnamed!a}", mint(claims(), ATTACKER, {"alg": "EdDSA", "kid": unnamed}), "'kid'")
    yield Hostile("no kid", mint(claims(), ATTACKER, {"alg": "EdDSA"}), "'kid'")


def keys_of_their_own() -> Iterator[Hostile]:
    """Yield tokens that contain the key that verifies them."""
    for name, value in BROUGHT.items():
        yield Hostile(f"EdDSA with {name}", mint(claims(), ATTACKER, ATTACKER.header | {name: value}), "signature")
        yield Hostile(f"HS256 with {name}", mint(claims(), hs256("evil"), HS256.header | {name: value}), "secret")
