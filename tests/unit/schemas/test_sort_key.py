"""Sort keys: their order is that in which people sort titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.schemas.cursor import MAX_CURSOR, Position, encode_cursor
from src.schemas.folding import fold
from src.schemas.sort_key import MAX_SORT_KEY, sort_key
from tests.support.languages import ORDERED_TITLES


def key(title: str) -> str:
    return sort_key(fold(title))


@pytest.mark.req("TASK-FR-262")
def test_titles_of_many_languages_are_in_the_order_of_people() -> None:
    shuffled = ORDERED_TITLES[1::2] + ORDERED_TITLES[::2]
    assert sorted(shuffled, key=key) == ORDERED_TITLES


@pytest.mark.req("TASK-FR-262")
@pytest.mark.parametrize(
    "equal",
    [("Milk", "MILK", "milk!", '"milk"', "mílk"), ("Task 7", "task 007", "Task ٧"), ("アイ", "あい"), ("!", "…")],
)
def test_case_accents_punctuation_and_leading_zeros_do_not_count(equal: tuple[str, ...]) -> None:
    assert len({key(title) for title in equal}) == 1


@pytest.mark.req("TASK-FR-262")
@given(st.integers(0, 10**60), st.integers(0, 10**60))
def test_numbers_are_sorted_by_value(one: int, other: int) -> None:
    keys = (key(f"Task {one:09} b"), key(f"task {other} b"))
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (one < other, one == other)


@pytest.mark.req("TASK-FR-262")
@given(st.text(max_size=200))
def test_no_title_has_too_long_a_key_or_cursor(title: str) -> None:
    for each in (title, title * 200, "ﷺ" * 200, "𝟛" * 200, "9a" * 100, "\U0001f600" * 200):
        longest = key(each.encode("utf-8", "replace").decode())
        assert len(longest) <= MAX_SORT_KEY
        assert "\0" not in longest
        assert len(encode_cursor(("title", False), Position(longest, 2**63 - 1))) <= MAX_CURSOR


@pytest.mark.req("TASK-FR-262")
def test_alphabets_contain_folded_letters_only() -> None:
    alphabet = "абвгґдеєжзиійклмнопрстуфхцчшщъыьэюя"
    assert fold(alphabet) == alphabet
    assert sorted(alphabet, key=key) == list(alphabet)
