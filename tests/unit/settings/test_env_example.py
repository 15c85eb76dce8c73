"""`.env.example` is complete and works unchanged."""

import pytest
from dotenv import dotenv_values

from src.config import Settings, load_settings
from tests.support.commands import ROOT

_EXAMPLE = ROOT / ".env.example"


@pytest.mark.req("RUN-FR-007")
def test_the_example_names_every_setting_and_no_other() -> None:
    assert dotenv_values(_EXAMPLE).keys() == {name.upper() for name in Settings.model_fields}


@pytest.mark.req("RUN-FR-007")
def test_the_example_needs_nothing_but_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BETTER_AUTH_SECRET")
    settings = load_settings(_env_file=_EXAMPLE)
    assert (settings.environment, settings.secrets) == ("development", [])
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SystemExit, match=r"^Invalid settings: DATABASE_URL is missing$"):
        load_settings(_env_file=_EXAMPLE)


@pytest.mark.req("RUN-FR-007")
def test_the_example_has_the_default_of_every_setting() -> None:
    for paragraph in _EXAMPLE.read_text().split("\n\n")[1:]:
        *comments, assignment = paragraph.strip().split("\n")
        setting = Settings.model_fields[assignment.partition("=")[0].lower()]
        assert all(comment.startswith("# ") for comment in comments)
        if not setting.is_required() and setting.default not in (None, []):
            assert comments[-1].endswith(f"Default: {str(setting.default).lower()}")
