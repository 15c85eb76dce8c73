"""Settings for development: an embedded database and a secret where none are set."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe

from src.config import Settings, is_set, load_settings, set_default, value_of
from src.development.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

_DATA = Path(".data")
_POSTGRES = _DATA / "postgres"


@contextmanager
def development_database() -> Iterator[None]:
    """Set DATABASE_URL to an embedded PostgreSQL that runs while the block is open, unless it is already set.

    Raises:
        SystemExit: PostgreSQL cannot run; the message is one sentence.
    """
    if is_set("DATABASE_URL"):
        yield
        return
    try:
        with EmbeddedPostgres(_POSTGRES) as server:
            set_default("DATABASE_URL", server.url)
            yield
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None


@contextmanager
def existing_development_database() -> Iterator[bool]:
    """Use the database and defaults of `python -m src dev`, if it has run here and no other database is configured.

    Yields:
        Whether it does.

    Raises:
        SystemExit: As for `development_database`.
    """
    is_production = (value_of("ENVIRONMENT") or "development") != "development"
    if is_set("DATABASE_URL") or is_production or not _POSTGRES.exists():
        yield False
        return
    with development_database():
        _set_defaults()
        yield True


def development_settings(**values: str) -> Settings:
    """Load the settings, with a generated secret and the origins of `next dev` as defaults.

    Raises:
        SystemExit: A setting is invalid, or ENVIRONMENT is production.
    """
    _set_defaults()
    settings = load_settings(**values)
    if settings.environment == "production":
        raise SystemExit("This command is for development, but ENVIRONMENT is production.")
    return settings


def _set_defaults() -> None:
    set_default("ENVIRONMENT", "development")
    set_default("SHUTDOWN_DELAY", "0")
    set_default("ALLOWED_ORIGINS", "http://localhost:3000,http://127.0.0.1:3000")
    if not is_set("BETTER_AUTH_SECRETS"):
        set_default("BETTER_AUTH_SECRET", _secret())


def _secret() -> str:
    """Read the secret of this folder, generated at the first start, so that tokens stay valid after a restart."""
    path = _DATA / "better-auth-secret"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(token_urlsafe(32))
        temporary.rename(path)
    return path.read_text()
