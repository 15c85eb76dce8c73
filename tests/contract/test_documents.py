"""The documents for developers name files, functions and words that exist in the code."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_ARCHITECTURE = _ROOT / "specs" / "architecture.md"
_MAP = _ROOT / "CLAUDE.md"
_GUIDES = tuple(
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "specs/*.md",
        "benchmarks/*.md",
        "clients/*/*.md",
        "examples/*/*.md",
        ".claude/skills/add-*/*.md",
    )
    for path in sorted(_ROOT.glob(pattern))
)

_FUNCTION = re.compile(r"`([\w/]+\.py):([\w.]+)`")
_FROM_ROOT = re.compile(r"(?<![\w./-])(?:src|tests|specs|alembic|benchmarks|\.ci|\.specify)/[\w./*-]*[\w*/]")
_BARE_FILE = re.compile(r"`([\w.-]+\.(?:py|md|toml|json|sql))`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def _functions_of(document: Path) -> list[tuple[str, str]]:
    return sorted(set(_FUNCTION.findall(document.read_text())))


@pytest.mark.parametrize("reference", _functions_of(_ARCHITECTURE) + _functions_of(_MAP), ids=":".join)
def test_a_function_that_is_named_exists(reference: tuple[str, str]) -> None:
    path, name = reference
    assert name in _names_in(path)


@pytest.mark.parametrize("document", _GUIDES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_the_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    missing = {name for name in _FROM_ROOT.findall(text) if not any(_ROOT.glob(name.rstrip("/")))}
    missing |= {name for name in _LINK.findall(text) if not (document.parent / name).exists()}
    folders = (_ROOT, document.parent)
    missing |= {name for name in _BARE_FILE.findall(text) if not any((folder / name).exists() for folder in folders)}
    assert not missing


def test_each_step_of_the_walk_through_names_a_function() -> None:
    steps = re.findall(r"^\d+\. (.*(?:\n   .*)*)", _ARCHITECTURE.read_text(), re.MULTILINE)
    assert steps
    assert all(_FUNCTION.search(step) for step in steps)


def test_the_code_uses_the_words_of_the_glossary() -> None:
    glossary = (_ROOT / "specs" / "README.md").read_text().partition("| Word | Meaning |")[2].partition("\n\n")[0]
    words = [word for cell in re.findall(r"^\| (\w.*?) \|", glossary, re.MULTILINE) for word in cell.split(", ")]
    code = "".join(path.read_text() for path in (_ROOT / "src").rglob("*.py"))
    unused = [word for word in words if not re.search(word.replace(" ", "[ _-]?"), code, re.IGNORECASE)]
    assert words
    assert not unused


def test_the_log_records_that_are_explained_exist() -> None:
    table = (_ROOT / "docs" / "guides" / "operate.md").read_text().partition("| Record | Level |")[2]
    code = "".join(path.read_text() for path in (_ROOT / "src").rglob("*.py"))
    logged = re.findall(r'logger\.(\w+)\(\s*"(.*?)"', code)
    explained = re.findall(r"^\| `(.*)` \| (\w+) \|", table, re.MULTILINE)
    patterns = [(level, re.escape(record).replace("…", ".*")) for record, level in explained]
    unknown = [each for level, each in patterns if not any(level == at and re.match(each, text) for at, text in logged)]
    assert patterns
    assert not unknown


def test_the_map_for_coding_agents_is_short() -> None:
    assert len(_MAP.read_text().splitlines()) <= 120


@cache
def _names_in(path: str) -> set[str]:
    return set(_names(ast.parse((_ROOT / path).read_text()), ""))


def _names(scope: ast.AST, prefix: str) -> Iterator[str]:
    """Functions and classes at any depth, such as `Class.method`, and the constants of the module."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"{prefix}{node.name}"
            yield from _names(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not prefix:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
