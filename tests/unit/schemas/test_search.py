"""Every search text becomes valid patterns of LIKE."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.schemas.search import Search, parse_search, searchable


@pytest.mark.req("TASK-FR-078")
@pytest.mark.parametrize(
    ("words", "terms"),
    [
        ("milk", ["%milk%"]),
        ("buy  milk buy", ["%buy%", "%milk%"]),
        ('"buy milk"', ["% buy milk %"]),
        ('"buy milk', ["% buy milk %"]),
        ("“buy milk” «no tea»", ["% buy milk %", "% no tea %"]),
        ('tea "buy milk" soon', ["%tea%", "% buy milk %", "%soon%"]),
        ("e-mail don't", ["%e mail%", "%don t%"]),
        ("Crème BRÛLÉE", ["%creme%", "%brulee%"]),
        ('"牛乳" "เข้าใจ" "買う milk"', ["%牛乳%", "%เข้าใจ%", "%買う milk %"]),
        ("%_\\ 100%", ["%100%"]),
        ("a | !b & (c)", ["%a%", "%b%", "%c%"]),
    ],
)
def test_words_match_anywhere_and_phrases_match_whole_words(words: str, terms: list[str]) -> None:
    assert parse_search(words).terms == terms


@pytest.mark.req("TASK-FR-078")
def test_a_minus_excludes_a_word_or_a_phrase() -> None:
    assert parse_search('tea -milk -"a b" --x') == Search(["%tea%"], ["% tea%"], ["%milk%", "% a b %", "%x%"])


@pytest.mark.req("TASK-FR-080")
@pytest.mark.parametrize("words", ["", " ", '""', '"', '" "', '-""', '-"', '"\u0301"', "\u0301", '"" ""', "- %", "۔"])
def test_a_search_without_a_letter_has_no_pattern(words: str) -> None:
    assert parse_search(words) == Search([], [], [])


@pytest.mark.req("TASK-FR-078", "TASK-FR-091")
@given(st.text(max_size=200))
def test_no_text_has_an_operator_of_like(words: str) -> None:
    search = parse_search(words.encode("utf-8", "replace").decode())
    for pattern in search.terms + search.starts + search.excluded:
        assert (pattern[0], pattern[-1]) == ("%", "%")
        assert not set(pattern[1:-1]) & set("%_\\")


@pytest.mark.req("TASK-FR-267")
@pytest.mark.parametrize(
    ("words", "indexable"),
    [("milk", "%milk%"), ("to strawberry jam", "%strawberry%"), ("牛乳 to", None), ("молоко", None), ("a b-c", None)],
)
def test_the_longest_term_with_trigrams_in_every_locale_is_found_by_an_index(words: str, indexable: str | None) -> None:
    assert parse_search(words).indexable == indexable


@pytest.mark.req("TASK-FR-078")
def test_what_is_searched_has_spaces_around_its_words() -> None:
    assert [searchable(text) for text in ("buy milk", "")] == [" buy milk ", ""]
