"""The cache of verified tokens is bounded, and entries never outlive their token or key."""

import pytest

from src.auth.identity import Identity
from src.auth.token_cache import CAPACITY, TokenCache


def identity(user_id: str, expires_at: float = 100) -> Identity:
    return Identity(user_id, None, expires_at)


def cached(tokens: TokenCache, names: str) -> str:
    return "".join(name for name in names if tokens.get(name, now=0, generation=0))


@pytest.mark.req("AUTH-FR-047")
def test_a_token_is_cached_until_it_expires() -> None:
    tokens = TokenCache()
    tokens.put("token", identity("a"), generation=0)
    assert tokens.get("token", now=99.999, generation=0) == identity("a")
    assert tokens.get("tokem", now=0, generation=0) is None
    assert tokens.get("token", now=100, generation=0) is None
    assert tokens.get("token", now=0, generation=0) is None


@pytest.mark.req("AUTH-FR-049")
def test_the_least_recently_used_token_is_evicted_first() -> None:
    tokens = TokenCache(capacity=3)
    for name in "abc":
        tokens.put(name, identity(name), generation=0)
    tokens.get("a", now=0, generation=0)
    tokens.put("d", identity("d"), generation=0)
    assert cached(tokens, "abcd") == "acd"


@pytest.mark.req("AUTH-FR-049")
def test_the_cache_never_grows_beyond_its_capacity() -> None:
    tokens = TokenCache()
    for count in range(CAPACITY + 500):
        tokens.put(f"token-{count}", identity("a"), generation=0)
    assert len(tokens) == CAPACITY


@pytest.mark.req("AUTH-FR-048")
def test_a_change_of_keys_clears_the_cache() -> None:
    tokens = TokenCache()
    tokens.put("old", identity("a"), generation=1)
    assert tokens.get("old", now=0, generation=2) is None
    assert len(tokens) == 0
    tokens.put("new", identity("b"), generation=3)
    assert tokens.get("new", now=0, generation=3) == identity("b")
