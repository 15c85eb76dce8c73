"""Base64url as RFC 7515 wants it: one spelling for each sequence of bytes, and no other is read."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def decode(text: str) -> bytes:
    """The bytes that `text` stands for (RFC 7515, section 2).

    Raises:
        ValueError: `text` has padding, foreign characters, an impossible length, or stray bits at its end.
    """
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def encode(raw: bytes) -> str:
    """The one spelling of `raw`, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
