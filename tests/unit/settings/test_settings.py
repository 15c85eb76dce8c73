"""Settings from the environment and from `.env`."""

from pathlib import Path

import pytest

from src.config import load_settings
from tests.support.commands import run
from tests.unit.settings.production import FRONT_END, SECRET, URL


@pytest.mark.req("RUN-FR-005")
def test_the_default_environment_is_production() -> None:
    settings = load_settings()
    assert (settings.environment, settings.log_form, settings.allowed_origins) == ("production", "json", [])
    assert (settings.secrets, settings.front_ends) == ([SECRET], [])
    assert not settings.better_auth_cookie_cache


@pytest.mark.req("OBS-FR-002")
@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_chosen_log_format_is_used_in_each_environment(environment: str) -> None:
    for form in ("json", "plain"):
        assert load_settings(environment=environment, log_format=form).log_form == form


@pytest.mark.req("RUN-FR-001")
def test_the_environment_overrides_the_file_and_empty_values_are_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("LIST_FORMAT=array\nDATABASE_POOL_SIZE=5\nENVIRONMENT=\nUNKNOWN=x\n")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "7")
    monkeypatch.setenv("LIST_FORMAT", "")
    settings = load_settings()
    assert (settings.list_format, settings.database_pool_size, settings.environment) == ("array", 7, "production")


@pytest.mark.parametrize(
    ("url", "origin", "keys"),
    [
        ("https://app.example.com", FRONT_END, f"{FRONT_END}/api/auth/jwks"),
        ("https://App.Example.com:443/", FRONT_END, f"{FRONT_END}/api/auth/jwks"),
        ("https://app.example.com/api/auth", FRONT_END, f"{FRONT_END}/api/auth/jwks"),
        ("https://app.example.com/auth/", FRONT_END, f"{FRONT_END}/auth/jwks"),
        ("http://localhost:3000", "http://localhost:3000", "http://localhost:3000/api/auth/jwks"),
    ],
)
def test_better_auths_url_sets_the_issuer_and_the_url_of_the_keys(
    monkeypatch: pytest.MonkeyPatch, url: str, origin: str, keys: str
) -> None:
    monkeypatch.delenv("BETTER_AUTH_SECRET")
    monkeypatch.setenv("BETTER_AUTH_URL", url)
    settings = load_settings()
    assert settings.front_ends == [([origin], [origin], keys)]
    monkeypatch.setenv("BETTER_AUTH_JWKS_URL", "http://front-end:3000/keys")
    monkeypatch.setenv("BETTER_AUTH_ISSUER", "issuer")
    monkeypatch.setenv("BETTER_AUTH_AUDIENCE", "audience")
    assert load_settings().front_ends == [(["issuer"], ["audience"], "http://front-end:3000/keys")]


@pytest.mark.req("RUN-FR-010")
@pytest.mark.parametrize(
    ("host", "setting", "expected"),
    [
        ("ep-cool-123456.eu-central-1.aws.neon.tech", "", True),
        ("ep-cool-123456-pooler.eu-central-1.aws.neon.tech", "", False),
        ("ep-cool-123456-pooler.eu-central-1.aws.neon.tech", "true", True),
        ("db.example.com", "false", False),
    ],
)
def test_prepared_statements_are_used_for_direct_connections_only(
    monkeypatch: pytest.MonkeyPatch, host: str, setting: str, *, expected: bool
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://somebody@{host}/tasks")
    monkeypatch.setenv("DATABASE_PREPARED_STATEMENTS", setting)
    assert load_settings().prepared_statements is expected


@pytest.mark.req("RUN-FR-011")
def test_migrations_use_the_unpooled_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().migration_url == load_settings().database_url
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", "postgresql://direct.example.com/tasks")
    assert load_settings().migration_url.dsn == "postgresql://direct.example.com/tasks"
    assert load_settings().database_url.dsn == URL


_IMPORT_ALL_PARTS = """
import importlib, pkgutil, sys
import src

def watch(event, arguments):
    if event == "socket.connect" or event == "open" and str(arguments[0]).endswith(".env"):
        sys.exit(event)

sys.addaudithook(watch)
for part in pkgutil.walk_packages(src.__path__, "src."):
    if part.name not in {"src.main", "src.__main__"}:
        importlib.import_module(part.name)
"""


@pytest.mark.req("RUN-FR-013")
def test_modules_can_be_imported_whatever_the_environment_contains(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ENVIRONMENT=wrong\n")
    ended = run(tmp_path, "-c", _IMPORT_ALL_PARTS, DATABASE_URL="wrong", BETTER_AUTH_SECRET="wrong")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
