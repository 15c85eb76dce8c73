"""Cache the results of functions of a query string, because clients repeat a few query strings."""

from collections.abc import Callable
from functools import lru_cache

_MAX_BYTES = 4096
"""The maximum length of a query string, because a client could fill the memory with longer ones."""


def cached_by_query[*A, T](function: Callable[[bytes, *A], T]) -> Callable[[bytes, *A], T]:
    """Cache the results of a function by its first argument, a query string, and by the others."""
    cached: Callable[[bytes, *A], T] = lru_cache(maxsize=256)(function)  # type: ignore[assignment]  # loses arguments

    def call(query_string: bytes, *arguments: *A) -> T:
        return (cached if len(query_string) <= _MAX_BYTES else function)(query_string, *arguments)

    return call
