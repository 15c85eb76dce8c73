"""Canonical base64url (RFC 7515): each sequence of bytes has exactly one accepted encoding."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def decode(text: str) -> bytes:
    """Decode canonical base64url (RFC 7515, section 2).

    Raises:
        ValueError: `text` has padding, invalid characters, an impossible length, or non-zero trailing bits.
    """
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def encode(raw: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
