"""Convert search text to a PostgreSQL tsquery."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
_PUNCTUATION = re.compile("[!-/:-@\\[-`{-~\u2000-\u206f]")
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


def tsquery(words: str) -> str:
    """Build a tsquery that matches words by prefix and quoted phrases exactly, and excludes both after a minus sign.

    Each term becomes a quoted operand (https://www.postgresql.org/docs/current/datatype-textsearch.html) without
    punctuation, so any input is valid.
    """
    terms = (_term(minus, phrase, word) for minus, phrase, word in _TERM.findall(words))
    return " & ".join(term for term in terms if term)


def _term(minus: str, phrase: str, word: str) -> str:
    text = " ".join(_folded(phrase or word).split())
    return f"{'!' if minus else ''}'{text}'{':*' if word else ''}" if text else ""


def _folded(text: str) -> str:
    """Without accents and punctuation, as the function `tasks_search_vector` of the database folds what is searched."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", _PUNCTUATION.sub(" ", bare))
