"""Usable keys of a published JWK set, and the warnings about the others."""

import logging

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from src.auth import base64url
from src.auth.jwk import usable_keys
from tests.support.minting import EDDSA, ES256, ES512, PS256, PUBLISHED, RS256, Json, number, rsa_signer

P256 = ES256.jwk
RSA = RS256.jwk
ED = EDDSA.jwk
WEAK = rsa_signer("weak", "RS256", bits=1024).jwk
OFF_CURVE = P256 | {"y": P256["x"]}
UNFIT: list[tuple[str, object, str]] = [
    ("RSA of 1024 bits", WEAK, "1024 bits"),
    ("RSA of 16384 bits", RSA | {"n": number((1 << 16383) + 1)}, "16384 bits"),
    ("RSA with an even exponent", RSA | {"e": number(65536)}, "odd"),
    ("RSA with exponent 1", RSA | {"e": number(1)}, "e must be"),
    ("RSA with a huge exponent", RSA | {"e": number((1 << 32) + 1)}, "too large"),
    ("RSA without n", {"kty": "RSA", "kid": "x", "e": "AQAB"}, "'n' is not a string"),
    ("RSA with n as a number", RSA | {"n": 12345}, "'n' is not a string"),
    ("RSA with padding", RSA | {"n": RSA["n"] + "=="}, "base64url"),
    ("RSA with a curve", RSA | {"crv": "P-256"}, "not supported"),
    ("secret", {"kty": "oct", "kid": "x", "k": "c2VjcmV0"}, "private"),
    ("secret without its bytes", {"kty": "oct", "kid": "x"}, "not supported"),
    ("private Ed25519", ED | {"d": "c2VjcmV0"}, "private"),
    ("private P-256", P256 | {"d": "c2VjcmV0"}, "private"),
    ("private RSA", RSA | {"p": "c2VjcmV0"}, "private"),
    ("for encryption", RSA | {"use": "enc"}, "'use'"),
    ("odd use", RSA | {"use": ["sig"]}, "'use'"),
    ("only for signing", ED | {"key_ops": ["sign"]}, "'key_ops'"),
    ("odd operations", ED | {"key_ops": "verify"}, "'key_ops'"),
    ("P-384", P256 | {"crv": "P-384"}, "not supported"),
    ("secp256k1", P256 | {"crv": "secp256k1"}, "not supported"),
    ("Ed448", ED | {"crv": "Ed448"}, "not supported"),
    ("X25519", ED | {"crv": "X25519"}, "not supported"),
    ("Ed25519 said to be EC", ED | {"kty": "EC"}, "not supported"),
    ("P-521 said to be P-256", ES512.jwk | {"crv": "P-256"}, "'x' is not 32 bytes long"),
    ("P-256 said to be P-521", P256 | {"crv": "P-521"}, "'x' is not 66 bytes long"),
    ("off the curve", OFF_CURVE, "curve"),
    ("short Ed25519", ED | {"x": base64url.encode(b"short")}, "'x' is not 32 bytes long"),
    ("curve as a list", ED | {"crv": ["Ed25519"]}, "not supported"),
    ("no type", {"kid": "x"}, "not supported"),
    ("no kid", {name: value for name, value in ED.items() if name != "kid"}, "no 'kid'"),
    ("empty kid", ED | {"kid": ""}, "no 'kid'"),
    ("kid as a number", ED | {"kid": 1}, "no 'kid'"),
    ("text", "key", "not an object"),
    ("nothing", None, "not an object"),
    ("list", [ED], "not an object"),
]


@pytest.mark.req("AUTH-FR-025")
@pytest.mark.parametrize(("entry", "why"), [pytest.param(*rest, id=name) for name, *rest in UNFIT])
def test_an_unusable_key_is_ignored_and_the_log_says_why(
    entry: object, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        keys = usable_keys([entry, P256 | {"kid": "fit"}])
    assert list(keys) == [("fit", "ES256")]
    assert [record.name for record in caplog.records] == ["src.auth.jwk"]
    assert why in caplog.text
    assert "c2VjcmV0" not in caplog.text


@pytest.mark.req("AUTH-FR-021")
def test_a_key_serves_the_algorithms_of_its_type_whatever_alg_is_published() -> None:
    entries: list[object] = [signer.jwk | {"alg": "ES384"} for signer in PUBLISHED]
    assert set(usable_keys(entries)) == {
        ("ed", "EdDSA"),
        ("p256", "ES256"),
        ("p521", "ES512"),
        *((kid, algorithm) for kid in ("rsa", "pss") for algorithm in ("RS256", "PS256")),
    }


@pytest.mark.req("AUTH-FR-021")
@pytest.mark.parametrize(
    "extra", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "EdDSA"}, {"x5c": ["MIIB"]}, {"ext": True}]
)
def test_usual_members_do_no_harm(extra: Json) -> None:
    assert usable_keys([ED | extra])


def test_of_two_keys_with_the_same_id_the_first_is_used() -> None:
    signed = RS256.sign(b"message")
    assert usable_keys([RSA, PS256.jwk | {"kid": "rsa"}])["rsa", "RS256"].verify(b"message", signed)
    assert not usable_keys([PS256.jwk | {"kid": "rsa"}, RSA])["rsa", "RS256"].verify(b"message", signed)


@pytest.mark.req("AUTH-FR-022")
@pytest.mark.parametrize(("salt_length", "verifies"), [(32, True), (0, False), (20, False), (33, False), (222, False)])
def test_ps256_demands_a_salt_as_long_as_its_hash(salt_length: int, verifies: bool) -> None:  # noqa: FBT001 - a row
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_numbers()
    published = usable_keys([{"kty": "RSA", "kid": "x", "n": number(public.n), "e": number(public.e)}])["x", "PS256"]
    signature = key.sign(b"message", padding.PSS(padding.MGF1(SHA256()), salt_length), SHA256())
    assert published.verify(b"message", signature) is verifies


def test_an_empty_set_has_no_keys() -> None:
    assert usable_keys([]) == {}
