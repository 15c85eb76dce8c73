"""Select the keys of a JWKS (RFC 7517) that may verify access tokens, and their algorithms."""

import logging
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from jose import jwk
from jose.backends.base import Key
from jose.exceptions import JOSEError

from src.auth import base64url
from src.auth.log_safe import log_safe
from src.auth.strict_json import JsonObject

type KeyName = tuple[str, str]
"""A key's `kid`, and the one algorithm that it is used with."""
type Kind = tuple[str, str | None]
"""A key's `kty` and `crv`."""


class UnusableKeyError(ValueError):
    """A published key must not be used; the message says why."""


logger = logging.getLogger(__name__)

_ED25519: Final[Kind] = ("OKP", "Ed25519")
_P256: Final[Kind] = ("EC", "P-256")
_P521: Final[Kind] = ("EC", "P-521")
_RSA: Final[Kind] = ("RSA", None)
# The key's type determines the algorithms instead of its `alg`, which Better Auth up to 1.6 publishes wrongly after a
# change of algorithm.
_ALGORITHMS: Final = {_ED25519: ("EdDSA",), _P256: ("ES256",), _P521: ("ES512",), _RSA: ("RS256", "PS256")}
_COORDINATES: Final = {_ED25519: {"x": 32}, _P256: {"x": 32, "y": 32}, _P521: {"x": 66, "y": 66}}
_PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_MODULUS_BITS: Final = range(2048, 8193)
_EXPONENT_BYTES: Final = 4
_UNUSABLE: Final = (ValueError, TypeError, KeyError, OverflowError, UnsupportedAlgorithm, JOSEError)


def usable_keys(entries: list[object]) -> dict[KeyName, Key]:
    """Return the usable keys of a JWK Set (RFC 7517, section 5), and log a warning for each other key.

    A usable key is public, intended for signatures, and strong: Ed25519, P-256, P-521, or RSA of 2048 to 8192 bits.
    If two keys have the same name, the first is used.
    """
    found: dict[KeyName, Key] = {}
    for entry in entries:
        try:
            _add(found, _keys_of(entry))
        except _UNUSABLE as error:
            logger.warning("ignored a key of the JWKS: %s", _why(entry, error))
    return found


def _add(found: dict[KeyName, Key], more: dict[KeyName, Key]) -> None:
    for name, key in more.items():
        found.setdefault(name, key)


def _keys_of(entry: object) -> dict[KeyName, Key]:
    if not isinstance(entry, dict):
        raise UnusableKeyError("it is not an object")
    key_id = _key_id(entry)
    _check_purpose(entry)
    kind = _kind(entry)
    material = _material(entry, kind)
    return {(key_id, algorithm): jwk.construct(material, algorithm) for algorithm in _ALGORITHMS[kind]}


def _key_id(entry: JsonObject) -> str:
    key_id = entry.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise UnusableKeyError("it has no 'kid'")
    return key_id


def _check_purpose(entry: JsonObject) -> None:
    if any(member in entry for member in _PRIVATE):
        raise UnusableKeyError("it publishes private key material: replace it at once")
    if entry.get("use", "sig") != "sig":
        raise UnusableKeyError("its 'use' is not 'sig'")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKeyError("its 'key_ops' lack 'verify'")


def _kind(entry: JsonObject) -> Kind:
    for kind in _ALGORITHMS:
        if kind == (entry.get("kty"), entry.get("crv")):
            return kind
    raise UnusableKeyError(
        f"type {log_safe(entry.get('kty'))} with curve {log_safe(entry.get('crv'))} is not supported"
    )


def _material(entry: JsonObject, kind: Kind) -> dict[str, str]:
    """Validate and return only the members that define the key."""
    if kind == _RSA:
        _check_rsa(_number(entry, "n"), _number(entry, "e"))
        return {"kty": "RSA", "n": _text(entry, "n"), "e": _text(entry, "e")}
    for name, size in _COORDINATES[kind].items():
        if len(_bytes(entry, name)) != size:
            raise UnusableKeyError(f"its '{name}' is not {size} bytes long")
    return {"kty": kind[0], "crv": str(kind[1])} | {name: _text(entry, name) for name in _COORDINATES[kind]}


def _check_rsa(modulus: int, exponent: int) -> None:
    if modulus.bit_length() not in _MODULUS_BITS:
        raise UnusableKeyError(f"its modulus has {modulus.bit_length()} bits")
    if exponent.bit_length() > 8 * _EXPONENT_BYTES:
        raise UnusableKeyError("its exponent is too large")


def _number(entry: JsonObject, name: str) -> int:
    return int.from_bytes(_bytes(entry, name))


def _bytes(entry: JsonObject, name: str) -> bytes:
    return base64url.decode(_text(entry, name))


def _text(entry: JsonObject, name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        raise UnusableKeyError(f"its '{name}' is not a string")
    return value


def _why(entry: object, error: Exception) -> str:
    key_id = entry.get("kid") if isinstance(entry, dict) else None
    return f"kid {log_safe(key_id)}: {error}"
