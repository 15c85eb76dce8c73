"""The document of spellings lists those that the code understands, and the setting those that its example explains."""

import re
from pathlib import Path
from typing import get_args

import pytest

from src.schemas import spellings
from src.schemas.compatibility import Switch

_ROOT = Path(__file__).parents[2]
_ROWS = re.findall(
    r"^\| (`.+?) \| (.+) \|$", (_ROOT / "specs/001-tasks/contracts/spellings.md").read_text(), re.MULTILINE
)


def _documented() -> set[tuple[str, str]]:
    return {(row.partition(" (of ")[0], other) for row, others in _ROWS for other in _names(others)}


def _names(text: str) -> list[str]:
    return re.findall(r"`([a-z_]+)`", text.partition(";")[0])


@pytest.mark.req("TASK-FR-210", "TASK-FR-212", "TASK-FR-218")
def test_the_document_and_the_code_have_the_same_spellings() -> None:
    names = [
        (f"`{name}`", other)
        for each in (spellings.MEMBERS, spellings.PARAMETERS)
        for name in each
        for other in each[name]
    ]
    sort_keys = [(f"`sort`: `{name}`", other) for name, others in spellings.SORT_KEYS.items() for other in others]
    priorities = [(f"`priority`: `{name}`", other) for other, name in spellings.PRIORITIES.items()]
    states = [
        (f"`status`: `{own}`", other) for own, *others in (spellings.COMPLETED, spellings.PENDING) for other in others
    ]
    pages = {("`offset`", each) for each in ("page", "page_number", "page_num", "page_no")}
    assert _documented() == {*names, *sort_keys, *priorities, *states} | pages


@pytest.mark.req("TASK-FR-209")
def test_the_example_of_the_settings_explains_every_switch() -> None:
    [explained] = [
        each for each in (_ROOT / ".env.example").read_text().split("\n\n") if each.endswith("\nCOMPATIBILITY=")
    ]
    assert set(re.findall(r"^# ([\w-]+(?:, [\w-]+)*): ", explained, re.MULTILINE)) == {
        "is_completed, status",
        *get_args(Switch),
    } - {
        "is_completed",
        "status",
    }
