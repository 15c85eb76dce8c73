"""Folding: what people take for the same text becomes the same text."""

import unicodedata

import pytest

from src.schemas.folding import fold
from tests.support.languages import LATIN_BLOCKS, letters

UNFOLDED = set("ƄƅƍƛƜɯƟƢƣƦƧƨƪƸƹƺƻƼƽƾǀǁǂǃȜȝɁɂɄẟ")
"""Letters of phonetics, tones and lost alphabets, for which there is no plain letter."""


def plain(letter: str) -> str | None:
    """Return the plain letter that the Unicode name of a letter names, if it does."""
    words = unicodedata.name(letter).removeprefix("LATIN ").removeprefix("SMALL ").removeprefix("CAPITAL ").split()
    return (
        words[1].lower()
        if words[0] == "LETTER" and words[2:3] == ["WITH"] and "SMALL" not in words and len(words[1]) <= 2
        else None
    )


@pytest.mark.req("TASK-FR-260")
@pytest.mark.parametrize("block", LATIN_BLOCKS)
def test_every_latin_letter_is_found_without_its_marks(block: str) -> None:
    found = [letter for letter in letters(block) if letter not in UNFOLDED]
    assert len(found) > 50
    assert [letter for letter in found if not fold(letter).isascii()] == []
    for letter in found:
        assert plain(letter) in {None, fold(letter)}, letter


@pytest.mark.req("TASK-FR-260")
@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đà Nẵng", "da nang"),
        ("Łódź", "lodz"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße STRASSE", "strasse strasse"),
        ("Ærø œuvre Þór Ísafjörður eð ŋ Ħal", "aero oeuvre thor isafjordur ed n hal"),
        ("İstanbul ISPARTA ığdır", "istanbul isparta igdir"),
        ("Ạzərbaycan Ɔkyena ɛwe", "azerbaycan okyena ewe"),
        ("Čeština Ňuňoţ ǆ ĳ ﬁ", "cestina nunot dz ij fi"),
        ("Οδός ΟΔΌΣ ὁδὸς", "οδοσ οδοσ οδοσ"),
        ("Ёлка ЁЛКА їжак Ўзбекистон", "елка елка іжак узбекистон"),
        ("Йод ИОД", "йод иод"),
        ("пʼять п'ять п’ять", "п ять п ять п ять"),
        ("שָׁלוֹם עֲלֵיכֶם", "שלום עליכם"),
        ("السَّلَامُ أحمد إلى آخر مـــرحبا", "السلام احمد الي اخر مرحبا"),
        ("ٱلكتاب مدرسة كتابي کتابی", "الكتاب مدرسه كتابي كتابي"),
        ("می‌خواهم میخواهم", "ميخواهم ميخواهم"),
        ("हिन्दी में कु कि", "हिन्दी में कु कि"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("한국어", "한국어"),
        ("ブ ふ プール ｶﾞﾗｽ", "ぶ ふ ぷーる がらす"),
        ("Ｆｕｌｌ ½ m² №5", "full 1 2 m2 no5"),
        ("٣٤ ३४ ๓๔ 𝟛𝟜", "34 34 34 34"),
        ("❤️ ❤ 👨‍👩‍👧 1️⃣", "❤ ❤ 👨👩👧 1"),
        ("milk,bread;¿qué? 「牛乳」・パン—tea", "milk bread que 牛乳 ぱん tea"),
        ("Paral·lel Qurʾān", "parallel quran"),
        ("co\u00adop zero\u200bwidth a\u00a0b\u3000c", "coop zerowidth a b c"),
        ("***", ""),
    ],
)
def test_texts_of_many_languages_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert fold(folded) == folded


@pytest.mark.req("TASK-FR-260")
def test_every_character_is_folded_once_and_for_all_whatever_its_case() -> None:
    for character in map(chr, [*range(0xD800), *range(0xE000, 0x11000), *range(0x1D000, 0x1FB00)]):
        folded = fold(character)
        assert {fold(each) for each in (folded, character.upper(), character.lower(), character.casefold())} == {folded}
        assert all(each.isalnum() or each == " " for each in folded if each.isascii()), hex(ord(character))
