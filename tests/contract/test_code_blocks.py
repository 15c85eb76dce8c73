"""The code blocks of the documents that no test runs are at least valid, and name what exists."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]  # only this test needs it

from src.cli import command_line
from src.config import Settings
from tests.support.documents import PAGES, Block, blocks, name_of

_TESTED = {
    "sh": "tests/integration/documents/test_shell_blocks.py",
    "ts": "tests/e2e/test_documents.py",
    "tsx": "tests/e2e/test_documents.py",
    "js": "tests/e2e/test_documents.py",
    "html": "tests/e2e/test_documents.py",
    "sql": "tests/integration/sync/test_restored_database.py",
}
_VALID = ("bash", "cron", "ini", "json", "nginx", "toml", "yaml")
"""The languages of what needs other programs: a shell with these, cron, a file `.env`, and the files of platforms."""

_COMMAND = re.compile(r"python -m src ([a-z]+)((?: [^`\n|&#>]+)?)")
_PARSERS = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}


def _name(block: Block) -> str:
    return f"{name_of(block.page)}:{block.code.partition('\n')[0][:40]}"


def test_every_block_has_a_language_for_which_there_is_a_test() -> None:
    fences = [fence for page in PAGES for fence in re.findall(r"^ *```(\w*)", page.read_text(), re.MULTILINE)]
    assert set(fences) == {*_TESTED, *_VALID, ""}
    assert len(fences) == 2 * len(blocks(*_TESTED, *_VALID))


@pytest.mark.req("RUN-FR-101")
@pytest.mark.parametrize("block", blocks(*_PARSERS), ids=_name)
def test_a_file_of_configuration_can_be_parsed(block: Block) -> None:
    assert _PARSERS[block.language](block.code)


@pytest.mark.req("RUN-FR-101")
@pytest.mark.parametrize("block", blocks("bash"), ids=_name)
def test_a_block_for_a_shell_with_other_programs_can_be_parsed(block: Block) -> None:
    parsed = subprocess.run(["bash", "-n"], input=block.code, text=True, capture_output=True, check=False)
    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.req("RUN-FR-101")
@pytest.mark.parametrize("block", blocks("ini"), ids=_name)
def test_a_line_of_an_env_file_is_a_setting(block: Block) -> None:
    names = re.findall(r"^(?:# )?([A-Z_]+)=", block.code, re.MULTILINE)
    assert names
    assert {name.lower() for name in names} <= Settings.model_fields.keys()


@pytest.mark.req("RUN-FR-101")
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_command_and_its_options_exist(page: Path) -> None:
    for command, rest in _COMMAND.findall(page.read_text()):
        words = rest.replace('"', " ").replace(",", " ").split()
        assert {word for word in words if word.startswith("--") and word != "--"} <= _options(command, words), rest


def _options(command: str, words: list[str]) -> set[str]:
    node: Any = typer.main.get_command(command_line())
    for word in (command, *words):
        node = getattr(node, "commands", {}).get(word, node)
    return {option for parameter in node.params for option in parameter.opts}
