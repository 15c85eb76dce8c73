"""What production needs, in the environment of a process that runs in a folder of its own."""

from pathlib import Path

import pytest

from tests.unit.settings.production import SECRET, URL


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
