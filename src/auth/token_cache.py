"""Tokens that were verified a moment ago, so that a busy user costs one signature and not one per request."""

from collections import OrderedDict
from hashlib import sha256
from typing import Final

from src.auth.identity import Identity

CAPACITY: Final = 10_000


class TokenCache:
    """A bounded memory of identities; the least recently used one goes first.

    No token is kept, only its SHA-256. No identity is returned at or past its `expires_at`, and none that was
    put under another `generation` of keys.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._generation = 0
        self._identities: OrderedDict[bytes, Identity] = OrderedDict()

    def __len__(self) -> int:
        return len(self._identities)

    def get(self, token: str, *, now: float, generation: int) -> Identity | None:
        """The identity that `put` was given for exactly this token, while it is worth something."""
        self._forget_other_generations(generation)
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
        """Remember what `token` was verified to say with the keys of `generation`."""
        self._forget_other_generations(generation)
        self._identities[_digest(token)] = identity
        if len(self._identities) > self._capacity:
            self._identities.popitem(last=False)

    def _forget_other_generations(self, generation: int) -> None:
        if generation != self._generation:
            self._identities.clear()
            self._generation = generation


def _digest(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
