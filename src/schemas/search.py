"""What people type into a search box, as PostgreSQL's tsquery."""

import re

_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


def tsquery(words: str) -> str:
    """All words by their beginnings, quoted phrases as they are, and neither of those behind a minus sign.

    Each is a quoted operand (https://www.postgresql.org/docs/current/datatype-textsearch.html), in which only the quote
    and the backslash mean anything: whatever is typed is valid.
    """
    terms = (_term(minus, phrase, word) for minus, phrase, word in _TERM.findall(words))
    return " & ".join(term for term in terms if term)


def _term(minus: str, phrase: str, word: str) -> str:
    text = (phrase or word).replace("\\", "\\\\").replace("'", "''")
    if not any(character.isalnum() for character in text):
        return ""
    return f"{'!' if minus else ''}'{text}'{':*' if word else ''}"
