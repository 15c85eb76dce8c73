"""Plain English in code, tests and documents: subjects with names, and the standard term for each concept."""

import ast
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.sources import ROOT, python_files

type Prose = Iterator[tuple[int, str]]
"""Texts, each with the number of its line."""

_SOURCES = python_files("src")
_CODE = [*_SOURCES, *python_files("alembic", "benchmarks", "docs", "tests")]
_DOCUMENTS = sorted(
    {
        ROOT / ".env.example",
        *(
            path
            for pattern in (
                "*.md",
                "docs/**/*.md",
                "specs/**/*.md",
                "clients/*/*.md",
                "examples/*/*.md",
                ".specify/memory/*.md",
                ".claude/skills/add-*/*.md",
            )
            for path in ROOT.glob(pattern)
        ),
    }
)

_STANDARD_TERMS = {
    r"who|whom|whoever|somebody|nobody|everybody|anybody": "the name of the subject: the client, the owner, the worker",
    r"(un)?answer(s|ed|ing)?": "response, respond, return",
    r"(is|was|are|were|be|been|being) told": "is notified, is reported",
    r"tell(s|ing)? (it|the|what|whether|how|each|all|others)": "notify, report, show",
    r"hears?|heard|hearing": "receive",
    r"mend(s|ed|ing)?": "fix",
    r"reckon(s|ed|ing)?": "compute",
    r"for good|for ever": "permanently, never",
    r"goodbye|farewell": "close",
    r"let(s)? go|hang(s)? up": "disconnect, release",
    r"takes? back|taken back|took back": "roll back",
    r"held up": "delayed, blocked",
    r"worked out|work(s)? out": "plan, compute",
    r"laborious|manieth": "slow, the ordinal",
}
"""Private words as regular expressions, and what to write instead."""

_PRIVATE_WORDS = re.compile(rf"\b({'|'.join(_STANDARD_TERMS)})\b", re.IGNORECASE)
_NOT_PROSE = re.compile(
    r"`[^`]*`|\*\w+\*|\b(users?|owners?|clients?|developers?|operators?|readers?|people),? (who|whom)\b", re.IGNORECASE
)
"""Code, quoted words, and relative clauses whose subject has a name."""

_CLASS = re.compile(r"^(?:class |type )?([A-Z][a-z]+[A-Z]\w+)(?=[(:\[]| =)", re.MULTILINE)
_CLASSES = {name for path in _SOURCES for name in _CLASS.findall(path.read_text())}
"""The names of classes and types that are no English word, which renaming a class may put into prose."""

_QUESTION = re.compile(r"(What|How|Which|Who|Whose|Where|When)\b")


def _docstrings(path: Path) -> Prose:
    """Yield the docstrings, and those of attributes."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def _prose_of_code(path: Path) -> Prose:
    """Yield docstrings, comments and the names of tests."""
    yield from _docstrings(path)
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
            elif token.type == tokenize.NAME and token.string.startswith("test_"):
                yield token.start[0], token.string.replace("_", " ")


def _prose_of_document(path: Path) -> Prose:
    """Yield the lines outside fenced code."""
    is_code = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, line


def _private_words(prose: Prose) -> list[str]:
    return [
        f"line {line}: {found[0]!r} in {text.strip()[:100]!r}"
        for line, text in prose
        for found in _PRIVATE_WORDS.finditer(_NOT_PROSE.sub("", text))
    ]


def _in_files(paths: Iterable[Path], find: Callable[[Path], list[str]]) -> list[str]:
    """Return what is found in these files, each with the file's name."""
    return [f"{path.relative_to(ROOT)}: {found}" for path in paths for found in find(path)]


def test_code_has_no_private_words() -> None:
    code = [path for path in _CODE if path != Path(__file__)]
    assert not _in_files(code, lambda path: _private_words(_prose_of_code(path))), _STANDARD_TERMS


def test_documents_have_no_private_words() -> None:
    assert not _in_files(_DOCUMENTS, lambda path: _private_words(_prose_of_document(path))), _STANDARD_TERMS


def test_documents_name_classes_as_code_only() -> None:
    def named(path: Path) -> list[str]:
        lines = (_NOT_PROSE.sub("", text) for _, text in _prose_of_document(path))
        return [line for line in lines if _CLASSES.intersection(re.findall(r"\w+", line))]

    assert not _in_files(_DOCUMENTS, named)


def test_docstrings_begin_with_a_noun_or_a_verb() -> None:
    def questions(path: Path) -> list[str]:
        return [f"line {line}: {text}" for line, text in _docstrings(path) if _QUESTION.match(text.lstrip())]

    assert not _in_files(_SOURCES, questions)


@pytest.mark.parametrize(
    "text", ["Who waits for it.", "test the client is told", "It answers 503.", "deleted for good"]
)
def test_private_words_are_found(text: str) -> None:
    assert _private_words(iter([(1, text)]))


@pytest.mark.parametrize(
    "text", ["Users who signed up.", "as the Unix user `nobody`", "a recommended setting", "never *answer*"]
)
def test_ordinary_english_is_accepted(text: str) -> None:
    assert not _private_words(iter([(1, text)]))
