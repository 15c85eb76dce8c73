"""The skills for coding agents lead to recipes and tests that exist, and Spec Kit works on the repository."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it is installed for tests only

from tests.support.commands import ROOT

_SKILLS = sorted(ROOT.glob(".claude/skills/add-*/SKILL.md"))
_SPECIFY = ("uvx", "--from", "specify-cli==1.2.3", "specify", "init", "--here", "--force", "--non-interactive")
_TEMPLATES = ("spec-template", "plan-template", "tasks-template")


@pytest.mark.req("RUN-FR-110")
def test_there_is_a_skill_for_each_frequent_change() -> None:
    assert [skill.parent.name for skill in _SKILLS] == ["add-endpoint", "add-field", "add-migration", "add-setting"]


@pytest.mark.req("RUN-FR-110")
@pytest.mark.parametrize("skill", _SKILLS, ids=lambda skill: skill.parent.name)
def test_a_skill_says_when_it_is_used_and_names_a_recipe_and_tests_that_exist(skill: Path) -> None:
    _, head, body = skill.read_text().split("---\n", 2)
    assert yaml.safe_load(head)["name"] == skill.parent.name
    assert " Use when " in yaml.safe_load(head)["description"]
    recipes = re.findall(r"\*(Add .+?)\*", body)
    assert recipes
    headings = re.findall(r"^### (.+)$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert set(recipes) <= set(headings)
    tests = [path for command in re.findall(r"uv run pytest -n 0 (.+)", body) for path in command.split()]
    assert tests
    assert [path for path in tests if not (ROOT / path).exists()] == []


@pytest.mark.req("RUN-FR-111")
def test_spec_kit_uses_the_templates_and_changes_no_file_under_version_control(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines():
        if name.startswith((".specify/", ".claude/", ".gitignore", "CLAUDE.md", "AGENTS.md", "specs/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)

    def run(*command: str) -> str:
        return subprocess.run(command, cwd=copy, check=True, capture_output=True, text=True).stdout

    run("git", "init", "--quiet")
    run("git", "add", ".")
    before = run("git", "status", "--porcelain")
    run(*_SPECIFY, "--integration", "claude", "--ignore-agent-tools")
    assert run("git", "status", "--porcelain") == before
    for template in _TEMPLATES:
        ours = (ROOT / ".specify/templates/overrides" / f"{template}.md").read_text()
        assert run("bash", ".specify/scripts/bash/resolve-template.sh", template).strip() == ours.strip()
    feature = json.loads(run("bash", ".specify/scripts/bash/create-new-feature.sh", "--json", "--dry-run", "labels"))
    numbers = [int(folder.name[:3]) for folder in (ROOT / "specs").glob("[0-9]*-*")]
    assert int(feature["FEATURE_NUM"]) == max(numbers) + 1
