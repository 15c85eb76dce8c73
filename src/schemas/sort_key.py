# ruff: noqa: RUF001 - its letters are meant to look like others
"""Compute the sort keys of titles: the order of their code points is the order in which people sort titles."""

import re

MAX_SORT_KEY = 200
"""The maximum length of a sort key in characters; titles that begin with the same ones are sorted by their ids."""

_NUMBER = re.compile("[0-9]+")
_SYMBOL = re.compile("[\u00a0-\u00bf×÷\u2010-\u2bff\U0001f000-\U0001faff]")
_PREPOSED_VOWEL = re.compile("([เ-ไເ-ໄ])(.)")
_ALPHABETS = (
    "аәӕбвгґғҕдђеєжҗзҙѕиійјкқҡлљмнңњоөпрсҫтћуүұфхҳһцчҷџшщъыьэюя",
    "ءاٹبپتثجچحخدڈذرڑزژسشصضطظعغفقكگلمنںوهيے",
)
"""Cyrillic and Arabic letters, which Unicode numbers by language; in the order of the Unicode Collation Algorithm."""
_ORDER = str.maketrans(
    {letter: place for alphabet in _ALPHABETS for letter, place in zip(alphabet, sorted(alphabet), strict=True)}
)


def sort_key(folded: str) -> str:
    """Return the sort key of a folded title: symbols, numbers by their value, then letters by their alphabet.

    The number of its digits precedes each number, so that 9 comes before 10.
    """
    key = folded if folded.replace(" ", "").isalpha() else _NUMBER.sub(_by_value, folded)
    if not key.isascii():
        key = _PREPOSED_VOWEL.sub(r"\2\1", _SYMBOL.sub(r"!\g<0>", key.translate(_ORDER)))
    return key[:MAX_SORT_KEY]


def _by_value(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"{len(digits):03}{digits}"
