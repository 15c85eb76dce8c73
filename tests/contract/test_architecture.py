"""Architecture rules that no linter checks."""

import ast
import importlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from pkgutil import walk_packages
from statistics import median

import src
from src.errors.base import AppError
from tests.support.sources import ROOT, python_files

SOURCES = python_files("src")
ALL_CODE = [*SOURCES, *python_files("tests", "benchmarks", "docs")]


def _calls(name: str) -> Iterator[str]:
    """The functions that call `name`, as package.module.function below `src`."""
    for path in SOURCES:
        module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                        yield f"{module}.{function.name}"


def test_only_token_owner_makes_an_owner_id() -> None:
    assert list(_calls("OwnerId")) == ["api.dependencies.token_owner"]


def test_an_owner_is_that_of_a_request_with_a_verified_token_or_of_a_token_that_is_verified_for_the_call() -> None:
    assert sorted(set(_calls("token_owner"))) == [
        "api.dependencies.require_owner",
        "mcp.endpoint.__call__",
        "mcp.endpoint._caller_of_request",
        "mcp.stdio.find_caller",
        "mcp.stdio.serve",
    ]


def test_a_task_service_is_made_for_a_request_for_a_call_of_a_tool_or_for_an_idempotent_one() -> None:
    assert sorted(_calls("TaskService")) == [
        "api.dependencies.task_service",
        "mcp.services.tasks",
        "services.idempotency.service.run_once",
    ]


def test_statements_are_made_where_the_walk_over_them_finds_them() -> None:
    makers = {
        "services.tasks.statements": {"_create", "_write"},
        "services.lists.statements": {"list_tasks"},
        "services.bulk.statements": {"_insert_tasks", "_update_tasks"},
        "services.purge": {"_owners_of", "_purge_trash"},
        "services.idempotency.statements": {"_lock_and_find_record", "_store_record"},
        "services.overview.statements": {"_count_tags", "_count_tasks"},
    }
    assert set(_calls("Statement")) == {f"{module}.{name}" for module, names in makers.items() for name in names}


def test_all_errors_are_in_one_package_but_those_of_the_protocol() -> None:
    for module in walk_packages(src.__path__, "src."):
        if module.name not in {"src.main", "src.__main__"}:  # which start something
            importlib.import_module(module.name)
    modules = {"src.errors.client", "src.errors.invalid", "src.errors.server", "src.server.errors"}
    assert {error.__module__ for error in _subclasses(AppError)} == modules


def _subclasses(parent: type[AppError]) -> Iterator[type[AppError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


def test_no_two_public_classes_share_a_name() -> None:
    trees = (ast.parse(path.read_text()) for path in SOURCES)
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    shared = {name for name, times in names.items() if times > 1 and not name.startswith("_")}
    assert not shared


def test_the_migrations_folder_does_not_shadow_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_the_version_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == src.__version__


def test_files_have_one_purpose() -> None:
    assert not [path for path in ALL_CODE if len(path.read_text().splitlines()) > 300]
    assert not [path for path in ALL_CODE if path.stem in {"utils", "helpers", "common", "core", "misc"}]


def test_functions_have_a_few_lines() -> None:
    lengths = ((path, name, lines) for path in ALL_CODE for name, lines in _function_lengths(path))
    assert not [(str(path.relative_to(ROOT)), name, lines) for path, name, lines in lengths if lines > 25]


def test_the_median_function_has_at_most_five_lines() -> None:
    assert median(length for path in SOURCES for _, length in _function_lengths(path)) <= 5


def _function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Each function and its number of lines, without signature and docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            yield node.name, (node.end_lineno or 0) - first.lineno + 1
