"""Invalid settings are reported in one sentence each, which shows no value."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from src.config import Settings, load_settings
from tests.support.commands import run
from tests.unit.settings.production import FRONT_END, PASSWORD, SECRET, URL, refusal


@pytest.mark.req("RUN-FR-001", "RUN-FR-002")
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("ENVIRONMENT", "staging", "'production', 'development' or 'test'"),
        ("LOG_FORMAT", "xml", "'json' or 'plain'"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("DATABASE_URL", "mysql://somebody:hunter2@db.example.com/tasks", "postgresql://"),
        ("DATABASE_URL", "db.example.com", "postgresql://"),
        ("DATABASE_URL", f"{URL}?sslmode=maybe", "sslmode must be one of"),
        ("DATABASE_URL_UNPOOLED", "db.example.com", "postgresql://"),
        ("DATABASE_POOL_SIZE", "-7", "greater than or equal to 1"),
        ("DATABASE_POOL_SIZE", "1001", "less than or equal to 1000"),
        ("DATABASE_POOL_SIZE", "many", "integer"),
        ("DATABASE_PREPARED_STATEMENTS", "maybe", "boolean"),
        ("BETTER_AUTH_URL", "app.example.com", "URL"),
        ("BETTER_AUTH_URL", "ftp://app.example.com", "'http' or 'https'"),
        ("BETTER_AUTH_JWKS_URL", "/api/auth/jwks", "URL"),
        ("BETTER_AUTH_REQUIRE_ISSUER_AND_AUDIENCE", "maybe", "boolean"),
        ("BETTER_AUTH_COOKIE_CACHE", "maybe", "boolean"),
        ("ALLOWED_HOSTS", "https://api.example.com", "without a port"),
        ("ALLOWED_HOSTS", "api.example.com:8000", "without a port"),
        ("ALLOWED_HOSTS", "every.example*", "host names such as api.example.com"),
        ("HSTS_MAX_AGE", "-1", "greater than or equal to 0"),
        ("SHUTDOWN_DELAY", "-1", "greater than or equal to 0"),
        ("SHUTDOWN_DELAY", "61", "less than or equal to 60"),
        ("TRASH_RETENTION_DAYS", "-1", "greater than or equal to 0"),
        ("TRASH_RETENTION_DAYS", "36501", "less than or equal to 36500"),
        ("TRASH_RETENTION_DAYS", "a month", "integer"),
        ("TRASH_RETENTION_DAYS", "1e9", "integer"),
        ("TRASH_RETENTION_DAYS", "nan", "integer"),
        ("LIST_FORMAT", "list", "'object' or 'array'"),
        ("RATE_LIMIT", "5", "such as 1000/minute, or off"),
        ("RATE_LIMIT", "0/hour", "such as 1000/minute, or off"),
        ("RATE_LIMIT", "9999999999/minute", "such as 1000/minute, or off"),
        ("RATE_LIMIT_AUTH_FAILURES", "٣٠/minute", "such as 1000/minute, or off"),
        ("RATE_LIMIT_STORAGE_URL", "http://somebody:hunter2@cache.example.com", "'redis' or 'rediss'"),
    ],
)
def test_an_invalid_value_is_one_sentence_with_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(name, value)
    message = refusal()
    assert re.fullmatch(f"Invalid settings: {name}: [^;\n]+", message)
    assert wanted in message
    assert value not in message


@pytest.mark.req("AUTH-FR-061")
def test_session_cookies_need_exact_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_COOKIE_CACHE", "true")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.example.com,https://app-git-*.vercel.app")
    message = refusal()
    assert "ALLOWED_ORIGINS must not contain '*'" in message
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.example.com")
    assert load_settings(_env_file=None).better_auth_cookie_cache


@pytest.mark.req("RUN-FR-002", "RUN-FR-004")
@pytest.mark.parametrize("name", ["BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"])
@pytest.mark.parametrize(
    ("secret", "wanted"),
    [
        ("x" * 31, "must have at least 32 characters"),
        ("better-auth-secret-12345678901234567890", "Better Auth's public default"),
        ("-----BEGIN PUBLIC KEY----- hunter2", "PEM"),
    ],
)
def test_a_publicly_known_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, secret: str, wanted: str
) -> None:
    monkeypatch.setenv(name, f"2:{secret},1:{secret}" if name.endswith("S") else secret)
    message = refusal()
    assert re.fullmatch(f"Invalid settings: {name}: [^\n]+", message)
    assert message.count(name) == 1
    assert wanted in message
    assert secret not in message


@pytest.mark.req("RUN-FR-002")
def test_the_claim_of_verification_links_cannot_be_the_user_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_USER_ID_CLAIM", "email")
    assert refusal().startswith("Invalid settings: BETTER_AUTH_USER_ID_CLAIM: must not be 'email'")


@pytest.mark.req("RUN-FR-002")
def test_each_invalid_setting_has_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"DATABASE_URL": PASSWORD, "BETTER_AUTH_SECRET": PASSWORD, "ALLOWED_ORIGINS": "*", "LOG_LEVEL": "loud"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    sentences = refusal().removeprefix("Invalid settings: ").split("; ")
    assert {sentence.partition(":")[0] for sentence in sentences} == wrong.keys()
    assert len(sentences) == len(wrong)


@pytest.mark.req("RUN-FR-002", "RUN-FR-005")
def test_all_missing_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BETTER_AUTH_SECRET")
    assert refusal() == (
        "Invalid settings: set BETTER_AUTH_SECRET or BETTER_AUTH_URL, because tokens cannot be verified without one"
    )
    monkeypatch.delenv("DATABASE_URL")
    message = refusal()
    assert "DATABASE_URL is missing" in message
    assert "set BETTER_AUTH_SECRET or BETTER_AUTH_URL" in message


@pytest.mark.req("RUN-FR-002")
@pytest.mark.parametrize(
    ("name", "value"),
    [("BETTER_AUTH_JWKS_URL", f"{FRONT_END}/keys"), ("BETTER_AUTH_REQUIRE_ISSUER_AND_AUDIENCE", "true")],
)
def test_requiring_the_issuer_needs_a_configured_one(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert refusal().startswith("Invalid settings: BETTER_AUTH_URL is missing: ")
    monkeypatch.setenv("BETTER_AUTH_URL", FRONT_END)
    [settings] = load_settings().front_ends
    assert (settings.issuers, settings.audiences) == ([FRONT_END], [FRONT_END])


@pytest.mark.req("RUN-FR-003")
def test_not_even_the_error_behind_a_refusal_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", PASSWORD)
    with pytest.raises(ValidationError) as error:
        Settings()
    assert PASSWORD not in str(error.value)


@pytest.mark.req("RUN-FR-003")
def test_printed_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL_UNPOOLED", f"{URL}?sslmode=require")
    monkeypatch.setenv("BETTER_AUTH_SECRETS", f"2:{SECRET[::-1]},1:{SECRET}")
    monkeypatch.setenv("BETTER_AUTH_URL", FRONT_END)
    monkeypatch.setenv("BETTER_AUTH_JWKS_URL", f"https://somebody:{PASSWORD}@keys.example.com")
    monkeypatch.setenv("RATE_LIMIT_STORAGE_URL", f"redis://:{PASSWORD}@cache.example.com")
    settings = load_settings()
    assert settings.secrets == [SECRET[::-1], SECRET, SECRET]
    for printed in (repr(settings), str(settings), f"{settings.database_url}"):
        for secret in (SECRET, SECRET[::-1], PASSWORD, "db.example.com"):
            assert secret not in printed


@pytest.mark.req("RUN-FR-002", "RUN-FR-003")
def test_the_server_exits_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BETTER_AUTH_SECRET={PASSWORD}\n")
    ended = run(tmp_path, "-m", "uvicorn", "src.main:app", BETTER_AUTH_SECRET="", DATABASE_URL=URL)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Invalid settings: BETTER_AUTH_SECRET: must have at least 32 characters\n"
