"""What is wrong with an installation, and what to mend: each check by itself, and no secret in any answer."""

from collections.abc import AsyncIterator
from secrets import token_urlsafe

from src.config import PLACEHOLDER_DATABASE_URL, Settings, load_settings
from src.doctor import counters, database, tokens
from src.doctor.findings import Finding, failed, ok


async def run_checks() -> AsyncIterator[Finding]:
    """One finding a check, as they come. What depends on something that is wrong already is not checked."""
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
    return ok("settings", "each is there and has a possible value")


def _only(part: str, **stand_ins: str) -> Settings | None:
    """The settings of one part, whatever is wrong with those of others."""
    others = {
        name: field.default
        for name, field in Settings.model_fields.items()
        if not name.startswith(part) and not field.is_required()
    }
    try:
        return load_settings(**others | stand_ins)
    except SystemExit:
        return None
