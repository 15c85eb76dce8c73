"""Every search text becomes a valid PostgreSQL text search query."""

import pytest

from src.schemas.search import tsquery


@pytest.mark.req("TASK-FR-078")
@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("milk", "'milk':*"),
        ("buy  milk", "'buy':* & 'milk':*"),
        ('"buy milk"', "'buy milk'"),
        ('"buy milk', "'buy milk'"),
        ('tea "buy milk" soon', "'tea':* & 'buy milk' & 'soon':*"),
        ("-milk", "!'milk':*"),
        ('-"buy milk" tea', "!'buy milk' & 'tea':*"),
        ("e-mail", "'e mail':*"),
        ("Crème BRÛLÉE", "'Creme':* & 'BRULEE':*"),
        ("cre\u0300me", "'creme':*"),
        ("елка ёлка", "'елка':* & 'елка':*"),
        ("買い物", "'買い物':*"),
        ("プール ガ", "'プール':* & 'ガ':*"),
        ("한국어", "'한국어':*"),
        ("Ｆｕｌｌ", "'Full':*"),
        ("🎉", "'🎉':*"),
    ],
)
def test_words_match_prefixes_phrases_match_exactly_and_minus_excludes(words: str, query: str) -> None:
    assert tsquery(words) == query


@pytest.mark.req("TASK-FR-078")
@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("don't", "'don t':*"),
        ("a\\", "'a':*"),
        ("\\'", ""),
        ("a:*", "'a':*"),
        ("a | !b & (c)", "'a':* & 'b':* & 'c':*"),
        ("<->", ""),
        ("--x", "!'x':*"),
        ('a"b', "'a b':*"),
    ],
)
def test_operators_of_postgresql_are_plain_text(words: str, query: str) -> None:
    assert tsquery(words) == query


@pytest.mark.req("TASK-FR-080")
@pytest.mark.parametrize("words", ["", " ", '""', '"', '" "', '-""', '-"', '"\u0301"', "\u0301", '"" ""'])
def test_an_empty_search_is_no_query(words: str) -> None:
    assert tsquery(words) == ""
