"""Understand the names of query parameters in any of their spellings, and find those that are unknown (ADR 0041)."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel

from src.api.query_cache import cached_by_query
from src.schemas.name_list import list_names
from src.schemas.query import TaskQuery
from src.schemas.spellings import MEMBERS, PARAMETERS, agree, index, member_spellings, spelling_key
from src.schemas.task import MAX_PAGE

_REPEATABLE = {"category", "priority", "tag", "tags"}
_MAX_UNKNOWN = 100
_SHORTEST_NEAR, _LONGEST_NEAR = 4, 24
_PAGES = ("page", "pagenumber", "pagenum", "pageno")
_NUMBER = re.compile("[1-9][0-9]{0,8}")
_AFFIXES = ("{}filter", "filter{}", "filterby{}", "filters{}", "task{}")
_SHORTEST_WORD = 3
_MAX_WORDS = 100
"""The maximum length in characters of a name in whose words known ones are looked for."""
_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+")
_OTHER_CONCEPTS = {
    **dict.fromkeys(("due", *map(spelling_key, ("due_date", *MEMBERS["due_date"]))), ("due_before", "due_after")),
    **dict.fromkeys(("title", "description"), ("search",)),
    "page": ("offset", "cursor"),
}
"""Parameters of other APIs, and what has their purpose here."""


class UnderstoodQuery(NamedTuple):
    """A query string with the names of the contract, and what is wrong or unknown in it."""

    query_string: bytes
    unknown: tuple[str, ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    spellings: MappingProxyType[str, str] = MappingProxyType({})
    """The spellings that were sent, by the name in the contract."""


class _Sent(NamedTuple):
    """A parameter: its name in the contract, or the unknown name; the spelling that was sent; its value."""

    name: str
    spelling: str
    value: str


NO_QUERY = UnderstoodQuery(b"")


@cached_by_query
def understand(query_string: bytes, names: frozenset[str], body: type[BaseModel] | None) -> UnderstoodQuery:
    """Rename the parameters of a query string to these names of the contract; `body` is the model of the body."""
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    renamed = [_Sent(_canonical(name, names), name, value) for name, value in pairs]
    sent = _with_offsets(renamed) if "offset" in names else renamed
    unknown = tuple(islice(dict.fromkeys(each.name for each in sent if each.name not in names), _MAX_UNKNOWN))
    errors = (*_misspelled(unknown, names, body), *_disagreements(sent, names))
    if all(each.name == each.spelling for each in sent):
        return UnderstoodQuery(query_string, unknown, errors)
    spellings = MappingProxyType({each.name: each.spelling for each in sent})
    return UnderstoodQuery(urlencode([(each.name, each.value) for each in sent]).encode(), unknown, errors, spellings)


def _canonical(name: str, names: frozenset[str]) -> str:
    """Return the parameter's name in the contract."""
    return _spellings(names).get(_folded(name), name)


def _folded(name: str) -> str:
    """Fold a name without brackets, with which some libraries repeat and nest: `tags[]`, `filter[status]`."""
    return spelling_key(name.replace("[", "").replace("]", ""))


@cache
def _spellings(names: frozenset[str]) -> dict[str, str]:
    """Map each folded spelling to its name, also of a name that the contract documents as a synonym (`q`)."""
    synonyms = {each for others in PARAMETERS.values() for each in others}
    own = index(dict.fromkeys(names - synonyms), PARAMETERS)
    long_ones = {each: name for each, name in own.items() if len(each) >= _SHORTEST_WORD}
    return {affix.format(each): name for each, name in long_ones.items() for affix in _AFFIXES} | own


@cache
def _remedies(names: frozenset[str], body: type[BaseModel] | None) -> dict[str, str]:
    """Map each folded spelling of a parameter, or of a member of the body, to what to send instead."""
    members = {} if body is None else member_spellings(body)
    concepts = {each: [name for name in known if name in names] for each, known in _OTHER_CONCEPTS.items()}
    return (
        {each: f"send '{name}' in the body" for each, name in members.items()}
        | {each: f"use '{name}'" for each, name in _spellings(names).items()}
        | {each: f"use {' or '.join(map(repr, known))}" for each, known in concepts.items() if known}
    )


@cache
def _near(names: frozenset[str], body: type[BaseModel] | None) -> dict[str, str]:
    """Map each spelling, and each with one character less, to what to send instead."""
    long_ones = {each: remedy for each, remedy in _remedies(names, body).items() if len(each) >= _SHORTEST_NEAR}
    return {less: remedy for each, remedy in long_ones.items() for less in _with_one_less(each)} | long_ones


def _with_one_less(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))


def _remedy(name: str, names: frozenset[str], body: type[BaseModel] | None) -> str | None:
    """Return what to send instead of a parameter that is, has a word of, or is one edit from, one that is known."""
    remedies, folded = _remedies(names, body), _folded(name)
    words = [spelling_key(word) for word in _WORD.findall(name[:_MAX_WORDS])]
    exact = [folded, *(word for word in words if len(word) >= _SHORTEST_WORD)]
    if found := next((remedies[each] for each in exact if each in remedies), None):
        return found
    if not _SHORTEST_NEAR - 1 <= len(folded) <= _LONGEST_NEAR:
        return None
    near = _near(names, body)
    return next((near[each] for each in (folded, *_with_one_less(folded)) if each in near), None)


def _misspelled(
    unknown: Iterable[str], names: frozenset[str], body: type[BaseModel] | None
) -> Iterator[dict[str, Any]]:
    for name in unknown:
        if "offset" in names and spelling_key(name) in _PAGES:
            yield {"type": "page_number", "loc": ("query", name), "msg": "must be a number from 1 on"}
        elif remedy := _remedy(name, names, body):
            yield {"type": "unknown_parameter", "loc": ("query", name), "msg": f"no such parameter; {remedy}"}


def _disagreements(sent: Iterable[_Sent], names: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Find parameters that several spellings, or repetitions, give several values."""
    values: dict[str, list[_Sent]] = {}
    for each in sent:
        values.setdefault(each.name, []).append(each)
    for name, repeated in values.items():
        if name in names - _REPEATABLE and len(repeated) > 1 and not _agree(name, [each.value for each in repeated]):
            spellings = dict.fromkeys(each.spelling for each in repeated)
            differ = "disagree" if len(spellings) > 1 else "has several values"
            message = f"{list_names(spellings, ' and ')} {differ}; send only one of them"
            yield {"type": "spellings_disagree", "loc": ("query", name), "msg": message}


def _agree(name: str, values: list[str]) -> bool:
    return len(set(values)) == 1 or (name in TaskQuery.model_fields and agree(TaskQuery, name, values))


def _with_offsets(sent: list[_Sent]) -> list[_Sent]:
    """Convert numbers of pages, from 1 on, to offsets."""
    size = next((each.value for each in reversed(sent) if each.name == "limit"), str(MAX_PAGE))
    return [_with_offset(each, size) if spelling_key(each.name) in _PAGES else each for each in sent]


def _with_offset(page: _Sent, size: str) -> _Sent:
    """Convert the number of a page; a size that is none is reported by itself."""
    if not _NUMBER.fullmatch(page.value):
        return page
    return page._replace(name="offset", value=str((int(page.value) - 1) * int(size if _NUMBER.fullmatch(size) else 0)))
