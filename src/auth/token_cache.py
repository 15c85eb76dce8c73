"""Bounded LRU cache of verified tokens, so that a signature is verified once per token instead of per request."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from src.auth.identity import Identity

CAPACITY: Final = 10_000


class TokenCache:
    """A bounded cache of identities that evicts the least recently used one.

    It stores the SHA-256 of a token instead of the token. It returns no identity that has expired (`expires_at`) or was
    stored with another `generation` of keys.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._generation = 0
        self._identities: OrderedDict[bytes, Identity] = OrderedDict()

    def __len__(self) -> int:
        return len(self._identities)

    def get(self, token: str, *, now: float, generation: int) -> Identity | None:
        """Return the identity that was stored for this token, unless it has expired."""
        self._clear_if_keys_changed(generation)
        digest = _digest(token)
        identity = self._identities.get(digest)
        if identity is None:
            return None
        if now >= identity.expires_at:
            del self._identities[digest]
            return None
        self._identities.move_to_end(digest)
        return identity

    def put(self, token: str, identity: Identity, *, generation: int) -> None:
        """Store the identity of a token that was verified with the keys of `generation`."""
        self._clear_if_keys_changed(generation)
        self._identities[_digest(token)] = identity
        if len(self._identities) > self._capacity:
            self._identities.popitem(last=False)

    def _clear_if_keys_changed(self, generation: int) -> None:
        if generation != self._generation:
            self._identities.clear()
            self._generation = generation


def _digest(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
