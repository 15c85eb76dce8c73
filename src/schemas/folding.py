# ruff: noqa: RUF001 - its letters are meant to look like others
"""Fold case, accents and punctuation of text, for searches and sort keys.

What is stored and what is searched for is folded by the same code, so that the locale of the database has no effect.
"""

import re
import unicodedata
from itertools import chain

_LATIN = """
    ɑ→a ð→d əǝɛ→e ɣ→g ɥ→h ıɩ→i ȷ→j ĸ→k ŋ→n ɔ→o ʃẜẝ→s ʊ→u ʋʌỽ→v ƿ→w ʒ→z
    ꜳ→aa æ→ae ꜵ→ao ꜷ→au ꜹ→av ꜽ→ay ȸ→db ƕ→hv ỻ→ll œ→oe ꝏ→oo ȣ→ou ȹ→qp þ→th ʾʿ·→
"""
"""Letters that Unicode does not decompose, and marks inside words, as in paral·lel.

What a letter "WITH STROKE" and the like becomes follows from its name.
"""
_ARABIC = "ٱ→ا ىی→ي ک→ك ةہھە→ه ـ→"
"""Forms of letters in Persian and Urdu, and the tatweel, which only stretches a word."""
_LETTERS = dict.fromkeys("ʼʻʹ⁄", " ") | {
    letter: folded for letters, folded in (each.split("→") for each in (_LATIN + _ARABIC).split()) for letter in letters
}
"""Letters and their replacements; the first four separate words, as punctuation does."""
_OPTIONAL_MARKS = {1, *range(10, 37), *range(200, 241)}
"""The canonical combining classes of accents, and of Hebrew and Arabic vowels; not of Indic, Thai or Japanese signs."""
_BLOCKS = (range(0x80, 0x3400), range(0xA000, 0xAC00), range(0xFB00, 0x10000))
"""The characters below U+10000 without the ideographs and the Hangul syllables, which are not folded."""
_WITH_ADDITION = re.compile("LATIN SMALL LETTER ([A-Z]) WITH .*")


def _folded_character(character: str) -> str:
    category = unicodedata.category(character)
    if character in _LETTERS:
        return _LETTERS[character]
    if category in {"Cf", "Me"} or (category == "Mn" and _is_optional(character)):
        return ""
    if category[0] in "PZ" or category == "Cc":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if "ァ" <= character <= "ヶ":
        return chr(ord(character) - 0x60)  # the Hiragana of a Katakana
    letter = _WITH_ADDITION.fullmatch(unicodedata.name(character, "")) if category == "Ll" else None
    return letter[1].lower() if letter else character


def _is_optional(mark: str) -> bool:
    return unicodedata.combining(mark) in _OPTIONAL_MARKS or "VARIATION SELECTOR" in unicodedata.name(mark, "")


_CHANGES = {
    character: folded
    for character in map(chr, chain(*_BLOCKS))
    if (folded := _folded_character(character)) != character
}
_DROPPED = re.compile(f"[{''.join(each for each, folded in _CHANGES.items() if not folded)}]+")
_CHANGED = re.compile(f"[{''.join(each for each, folded in _CHANGES.items() if folded)}\U00010000-\U0010ffff]")
_BYTES = bytes(ord(chr(byte).lower()) if chr(byte).isalnum() else ord(" ") for byte in range(128)) + bytes(
    range(128, 256)
)
"""A table for `bytes.translate`: ASCII in lower case, and a space for what is neither a letter nor a digit."""


def fold(text: str) -> str:
    """Fold a text to words in lower case without accents, with one space between them.

    The result has no ASCII characters but letters, digits and spaces, so it is a literal in a LIKE pattern.
    """
    if not text.isascii():
        text = _fold_unicode(text)
    return " ".join(text.encode().translate(_BYTES).decode().split())


def _fold_unicode(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = _DROPPED.sub("", decomposed.replace("и\u0306", "й"))  # in Cyrillic a letter of its own, as in CLDR's root
    return unicodedata.normalize("NFC", _CHANGED.sub(_replaced, letters))


def _replaced(found: re.Match[str]) -> str:
    character = found[0]
    return _CHANGES.get(character) or _folded_character(character)
