"""Fixtures: the settings that production requires, in a process with its own folder."""

from pathlib import Path

import pytest

from tests.unit.settings.production import SECRET, URL


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
