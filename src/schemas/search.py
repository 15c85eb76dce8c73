"""What people type into a search box, as PostgreSQL's tsquery."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


def tsquery(words: str) -> str:
    """All words by their beginnings, quoted phrases as they are, and neither of those behind a minus sign.

    Each is a quoted operand (https://www.postgresql.org/docs/current/datatype-textsearch.html), in which only the quote
    and the backslash mean anything: whatever is typed is valid.
    """
    terms = (_term(minus, phrase, word) for minus, phrase, word in _TERM.findall(words))
    return " & ".join(term for term in terms if term)


def _term(minus: str, phrase: str, word: str) -> str:
    text = _folded(phrase or word).replace("\\", "\\\\").replace("'", "''")
    return f"{'!' if minus else ''}'{text}'{':*' if word else ''}" if text.strip() else ""


def _folded(text: str) -> str:
    """Without accents, as the function `tasks_search` of the database folds what is searched."""
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
