"""Every requirement in specs/ has a test that names it, and every test names requirements that exist."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.sources import python_files

_ROOT = Path(__file__).parents[2]
_SPECS = sorted(_ROOT.glob("specs/*/spec.md"))
_TYPESCRIPT_TESTS = sorted((*_ROOT.glob("clients/*/tests/*.test.ts"), *_ROOT.glob("examples/*/tests/*.test.ts")))
_ID = r"[A-Z]+-FR-\d{3}"


def test_every_prefix_is_in_the_folders_that_the_readme_lists() -> None:
    rows = re.findall(r"^\| `([A-Z]+)` \| (.*) \|$", (_ROOT / "specs/README.md").read_text(), re.MULTILINE)
    listed = {prefix: re.findall(r"\(([\w-]+)/spec\.md\)", folders) for prefix, folders in rows}
    defined: dict[str, list[str]] = {}
    for spec in _SPECS:
        for prefix in {name.split("-")[0] for name in _ids_defined_in(spec)}:
            defined.setdefault(prefix, []).append(spec.parent.name)
    assert listed == defined


def test_every_requirement_is_defined_once() -> None:
    repeated = {name for name, count in _defined().items() if count > 1}
    assert not repeated, _listed(repeated)


def test_every_success_criterion_is_defined_once() -> None:
    defined = [name for spec in _SPECS for name in re.findall(r"^- \*\*(.*?SC-\d{3})", spec.read_text(), re.MULTILINE)]
    assert sorted(defined) == sorted(set(defined))
    assert all(re.fullmatch(r"[A-Z]+-SC-\d{3}", name) for name in defined)


def test_every_requirement_has_a_test() -> None:
    untested = _defined().keys() - _tested()
    assert not untested, _listed(untested)


def test_no_test_names_an_unknown_requirement() -> None:
    unknown = _tested() - _defined().keys()
    assert not unknown, _listed(unknown)


def test_no_document_names_an_unknown_requirement() -> None:
    documents = (_ROOT / "specs").rglob("*.md")
    named = {name for document in documents for name in re.findall(_ID, document.read_text())}
    unknown = named - _defined().keys()
    assert not unknown, _listed(unknown)


@pytest.mark.parametrize("spec", _SPECS, ids=lambda spec: spec.parent.name)
def test_a_specification_has_requirements(spec: Path) -> None:
    assert _ids_defined_in(spec)


def _defined() -> Counter[str]:
    return Counter(name for spec in _SPECS for name in _ids_defined_in(spec))


def _ids_defined_in(spec: Path) -> list[str]:
    """Return the ids in bold at the start of an item; elsewhere an id is a reference."""
    return re.findall(rf"^[-*] \*\*({_ID})", spec.read_text(), re.MULTILINE)


def _tested() -> set[str]:
    in_python = {name for test in python_files("tests") for name in _ids_named_in(test)}
    return in_python | {name for test in _TYPESCRIPT_TESTS for name in _ids_in_titles(test)}


def _ids_named_in(test: Path) -> Iterator[str]:
    """Literals that look like an id: in `pytest.mark.req`, or in a table that such markers are made from."""
    for node in ast.walk(ast.parse(test.read_text())):
        if isinstance(node, ast.Constant) and re.match("[A-Z]+-FR-", str(node.value)):
            yield str(node.value)


def _ids_in_titles(test: Path) -> set[str]:
    """Return the ids at the beginning of the titles of tests in TypeScript."""
    return set(re.findall(rf"[\"`]({_ID}): ", test.read_text()))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
