"""Diagnose an installation with independent checks; no finding contains a secret."""

from collections.abc import AsyncIterator
from secrets import token_urlsafe

from src.config import PLACEHOLDER_DATABASE_URL, Settings, load_settings
from src.doctor import counters, database, tokens
from src.doctor.findings import Finding, failed, ok


async def run_checks() -> AsyncIterator[Finding]:
    """Run all checks and yield their findings; a check that depends on a failed one is skipped."""
    yield _settings()
    if (settings := _only("database", better_auth_secret=token_urlsafe(32))) is not None:
        async for finding in database.run_checks(settings):
            yield finding
    if (settings := _only("better_auth", database_url=PLACEHOLDER_DATABASE_URL)) is not None:
        async for finding in tokens.run_checks(settings):
            yield finding
    if (
        settings := _only("rate_limit", better_auth_secret=token_urlsafe(32), database_url=PLACEHOLDER_DATABASE_URL)
    ) is not None:
        async for finding in counters.run_checks(settings):
            yield finding


def _settings() -> Finding:
    try:
        load_settings()
    except SystemExit as refusal:
        return failed("settings", f"{refusal}; set it in the environment or in .env, as .env.example explains")
    return ok("settings", "all are present and valid")


def _only(part: str, **placeholders: str) -> Settings | None:
    """Load the settings of one part, with defaults and placeholders for the others, which may be invalid."""
    others = {
        name: field.default
        for name, field in Settings.model_fields.items()
        if not name.startswith(part) and not field.is_required()
    }
    try:
        return load_settings(**others | placeholders)
    except SystemExit:
        return None
