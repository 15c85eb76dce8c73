"""The site builds strictly from the documents, and the reference pages are those that the code generates."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from docs.__main__ import app
from docs.generator import pages, site
from src.schemas.compatibility import Switch
from tests.support.commands import ROOT


@pytest.mark.req("RUN-FR-103")
@pytest.mark.parametrize("name", pages.PAGES)
def test_a_reference_page_is_current(name: str) -> None:
    assert (pages.FOLDER / name).read_text() == pages.PAGES[name](), "run 'python -m docs reference'"


@pytest.mark.req("RUN-FR-103")
def test_an_outdated_page_is_reported_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "reference")
    checked = CliRunner().invoke(app, ["reference", "--check"])
    assert checked.exit_code != 0
    assert "settings.md" in str(checked.exception)
    assert not pages.FOLDER.exists()
    assert "settings.md" in CliRunner().invoke(app, ["reference"]).output
    assert CliRunner().invoke(app, ["reference", "--check"]).exit_code == 0


@pytest.mark.req("RUN-FR-103")
def test_the_page_of_problems_has_each_type_of_the_contract() -> None:
    contract = (ROOT / "specs/001-tasks/contracts/openapi.json").read_text()
    types = set(re.findall(r'"urn:problem-type:([a-z-]+)"', json.dumps(json.loads(contract)["components"])))
    assert types
    assert types <= set(re.findall(r"^\| \d[^|]*\| `([a-z-]+)`", pages.PAGES["problems.md"](), re.MULTILINE))


@pytest.mark.req("RUN-FR-103")
def test_the_page_of_settings_explains_single_values_of_compatibility_only() -> None:
    items = re.findall(r"^- (.*?): ", pages.PAGES["settings.md"](), re.MULTILINE)
    assert set(re.findall(r"[a-z_-]+", " ".join(items))) == set(get_args(Switch))


@pytest.mark.req("RUN-FR-104")
def test_the_site_builds_and_has_each_document() -> None:
    assert CliRunner().invoke(app, ["build"]).exit_code == 0
    built = ROOT / "site" / "html"
    assert "Connect your Better Auth" in (built / "index.html").read_text()
    for document in ROOT.glob("docs/**/*.md"):
        path = document.relative_to(ROOT).with_suffix("")
        folder = path.parent if path.name == "README" else path
        assert (built / folder / "index.html").exists(), document


@pytest.mark.req("RUN-FR-104")
def test_a_broken_link_stops_the_build(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def with_broken_links(page: Path, files: set[Path]) -> bytes:
        broken = b"\n[page](missing.md) [heading](settings.md#missing)\n"
        return linked(page, files) + (broken if page.parent.name == "reference" else b"")

    linked = site.linked
    monkeypatch.setattr(site, "linked", with_broken_links)
    assert site.build() != 0
    reported = "".join(capfd.readouterr())
    assert "page does not exist" in reported
    assert "anchor does not exist" in reported


def test_the_navigation_leads_to_pages_that_exist() -> None:
    configuration = tomllib.loads((ROOT / "zensical.toml").read_text())
    missing = [page for page in _leaves(configuration["project"]["nav"]) if not (ROOT / page).exists()]
    assert not missing


def _leaves(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            if isinstance(value, list):
                yield from _leaves(value)
            else:
                yield value


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
