"""Understand the names of query parameters in any of their spellings, and find those that are unknown (ADR 0041)."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from src.schemas.spellings import PARAMETERS, index, spelling_key
from src.schemas.task import MAX_PAGE

_REPEATABLE = {"category", "priority", "tag", "tags"}
MAX_CACHED_QUERY = 4096
"""The maximum length in bytes, because a client could fill the cache with longer ones."""
_MAX_UNKNOWN = 100
_SHORTEST_NEAR, _LONGEST_NEAR = 4, 24
_PAGES = ("page", "pagenumber")
_NUMBER = re.compile("[1-9][0-9]{0,8}")
_OTHER_CONCEPTS = {
    "due": ("due_before", "due_after"),
    "duedate": ("due_before", "due_after"),
    **dict.fromkeys(_PAGES, ("offset", "cursor")),
}
"""Parameters of other APIs, and what has their purpose here."""


class UnderstoodQuery(NamedTuple):
    """A query string with the names of the contract, and what is wrong or unknown in it."""

    query_string: bytes
    unknown: tuple[str, ...] = ()
    errors: tuple[dict[str, Any], ...] = ()


class _Sent(NamedTuple):
    """A parameter: its name in the contract, or the unknown name; the spelling that was sent; its value."""

    name: str
    spelling: str
    value: str


NO_QUERY = UnderstoodQuery(b"")


def understand(query_string: bytes, names: frozenset[str]) -> UnderstoodQuery:
    """Rename the parameters of a query string to these names of the contract."""
    if len(query_string) > MAX_CACHED_QUERY:
        return _understand.__wrapped__(query_string, names)
    return _understand(query_string, names)


@lru_cache(maxsize=256)  # clients repeat a few
def _understand(query_string: bytes, names: frozenset[str]) -> UnderstoodQuery:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    if all(name in names for name, _ in pairs):
        return UnderstoodQuery(query_string)
    renamed = [_Sent(_canonical(name, names), name, value) for name, value in pairs]
    sent = _with_offsets(renamed) if "offset" in names else renamed
    unknown = tuple(islice(dict.fromkeys(each.name for each in sent if each.name not in names), _MAX_UNKNOWN))
    errors = (*_misspelled(unknown, names), *_disagreements(sent, names))
    return UnderstoodQuery(urlencode([(each.name, each.value) for each in sent]).encode(), unknown, errors)


def _canonical(name: str, names: frozenset[str]) -> str:
    """Return the parameter's name in the contract; `tags[]` is how some libraries repeat `tags`."""
    return name if name in names else _spellings(names).get(spelling_key(name.removesuffix("[]")), name)


@cache
def _spellings(names: frozenset[str]) -> dict[str, str]:
    return index(dict.fromkeys(names), PARAMETERS)


@cache
def _near(names: frozenset[str]) -> dict[str, str]:
    """Map each spelling, and each with one character less, to its name."""
    long_ones = {each: name for each, name in _spellings(names).items() if len(each) >= _SHORTEST_NEAR}
    return {less: name for each, name in long_ones.items() for less in _with_one_less(each)} | long_ones


def _with_one_less(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))


def _nearest(name: str, names: frozenset[str]) -> tuple[str, ...]:
    """Return what the parameter may have been meant to be: one edit away, or the same purpose under another name."""
    word = spelling_key(name.removesuffix("[]"))
    if concepts := tuple(each for each in _OTHER_CONCEPTS.get(word, ()) if each in names):
        return concepts
    if not _SHORTEST_NEAR - 1 <= len(word) <= _LONGEST_NEAR:
        return ()
    found = (_near(names).get(each) for each in (word, *_with_one_less(word)))
    return next(((each,) for each in found if each), ())


def _misspelled(unknown: Iterable[str], names: frozenset[str]) -> Iterator[dict[str, Any]]:
    for name in unknown:
        if nearest := _nearest(name, names):
            message = f"no such parameter; use {' or '.join(repr(each) for each in nearest)}"
            yield {"type": "unknown_parameter", "loc": ("query", name), "msg": message}


def _disagreements(sent: Iterable[_Sent], names: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Find parameters that several spellings give several values."""
    values: dict[str, dict[str, str]] = {}
    for name, spelling, value in sent:
        values.setdefault(name, {})[spelling] = value
    for name, by_spelling in values.items():
        if name in names - _REPEATABLE and len(set(by_spelling.values())) > 1:
            message = f"{' and '.join(by_spelling)} disagree; send only one of them"
            yield {"type": "spellings_disagree", "loc": ("query", name), "msg": message}


def _with_offsets(sent: list[_Sent]) -> list[_Sent]:
    """Convert numbers of pages, from 1 on, to offsets."""
    size = next((each.value for each in reversed(sent) if each.name == "limit"), str(MAX_PAGE))
    return [_with_offset(each, size) if spelling_key(each.name) in _PAGES else each for each in sent]


def _with_offset(page: _Sent, size: str) -> _Sent:
    if _NUMBER.fullmatch(page.value) and _NUMBER.fullmatch(size):
        return page._replace(name="offset", value=str((int(page.value) - 1) * int(size)))
    return page
