"""The index of decisions has a line for each file, and for each number without one."""

import re
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / "specs" / "decisions"
_FILES = sorted(_FOLDER.glob("[0-9]*.md"))
_ROW = re.compile(r"\| (.+) \| (.+) \| (.+) \| (.+) \|")
_ROWS = [cells for line in (_FOLDER / "README.md").read_text().splitlines() if (cells := _ROW.fullmatch(line))][1:]


def test_the_numbers_in_the_index_have_no_gaps() -> None:
    numbers = [int(row[1].strip("[")[:4]) for row in _ROWS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_the_index_has_the_title_and_the_status_of_each_decision(file: Path) -> None:
    title, _, status, *_ = file.read_text().splitlines()
    number = file.name[:4]
    [row] = [row for row in _ROWS if row[1] == f"[{number}]({file.name})"]
    assert title == f"# {number} · {row[2]}"
    assert status == f"**Status.** {row[3]}"


def test_only_withdrawn_decisions_have_no_file() -> None:
    without_file = [row for row in _ROWS if not row[1].startswith("[")]
    assert len(_ROWS) - len(without_file) == len(_FILES)
    assert {row[4] for row in without_file} == {"withdrawn before merge"}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_a_decision_has_all_parts_in_their_order(file: Path) -> None:
    parts = re.findall(r"^\*\*(.+?)\*\*", file.read_text(), re.MULTILINE)
    assert parts == ["Status.", "Context.", "Decision.", "Consequences.", "Revisit when"]
