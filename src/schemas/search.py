"""Parse search text into patterns for LIKE, which match folded text."""

import re
from typing import NamedTuple

from src.schemas.folding import fold

_QUOTES = dict.fromkeys(map(ord, "“”„‟«»\N{FULLWIDTH QUOTATION MARK}"), '"')
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_EDGES = re.compile(f"^(?!{_UNSPACED})|(?<!{_UNSPACED})$")
"""The beginning and the end of a phrase, unless there is a letter of a script that has no spaces between words."""

_TRIGRAM = re.compile("[a-z0-9]{3}")


class Search(NamedTuple):
    """Patterns for LIKE. A task matches if each of `terms` does and none of `excluded`.

    `starts` are those of `terms`, but match only where a word begins.
    """

    terms: list[str]
    starts: list[str]
    excluded: list[str]

    @property
    def indexable(self) -> str | None:
        """The longest term that an index of trigrams finds, in a database of any locale."""
        return max(filter(_TRIGRAM.search, self.terms), key=len, default=None)


def searchable(folded: str) -> str:
    """Put spaces around a folded text, so that a pattern with spaces matches whole words."""
    return f" {folded} " if folded else ""


def parse_search(text: str) -> Search:
    """Parse words, which match anywhere inside of words, and quoted phrases, which match whole words.

    A minus sign excludes the word or phrase that follows. No pattern needs escaping, because `fold` leaves neither
    `%` nor `_`.
    """
    search = Search([], [], [])
    for minus, phrase, word in dict.fromkeys(_TERM.findall(text.translate(_QUOTES))):
        if folded := fold(phrase or word):
            whole = f"%{_EDGES.sub(' ', folded)}%"
            if minus:
                search.excluded.append(whole if phrase else f"%{folded}%")
            else:
                search.terms.append(whole if phrase else f"%{folded}%")
                search.starts.append(whole if phrase else f"% {folded}%")
    return search
