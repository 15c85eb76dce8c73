"""What a fresh clone needs to serve: a database, a secret, tokens. Nothing of it is used in production."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe

from jose import jwk, jwt

from src.config import Settings, is_set, load_settings, set_default
from src.db.embedded import EmbeddedPostgres, EmbeddedPostgresError

_DATA = Path(".data")
_TOKEN_SECONDS = 24 * 3600


@contextmanager
def development_database() -> Iterator[None]:
    """Set DATABASE_URL to an embedded PostgreSQL that runs as long as the context, unless it is set.

    Raises:
        SystemExit: It cannot run; the sentence says why.
    """
    if is_set("DATABASE_URL"):
        yield
        return
    try:
        with EmbeddedPostgres(_DATA / "postgres") as server:
            set_default("DATABASE_URL", server.url)
            yield
    except EmbeddedPostgresError as error:
        raise SystemExit(str(error)) from None


def development_settings(**values: str) -> Settings:
    """The settings, with a secret of this folder and the origins of `next dev` where none are set.

    Raises:
        SystemExit: A setting is wrong, or ENVIRONMENT is production.
    """
    set_default("ENVIRONMENT", "development")
    set_default("SHUTDOWN_DELAY", "0")
    set_default("ALLOWED_ORIGINS", "http://localhost:3000,http://127.0.0.1:3000")
    if not is_set("BETTER_AUTH_SECRETS"):
        set_default("BETTER_AUTH_SECRET", _secret())
    settings = load_settings(**values)
    if settings.environment == "production":
        raise SystemExit("This is for development, and ENVIRONMENT says production.")
    return settings


def mint(settings: Settings, user_id: str) -> str:
    """A token that the API takes for this user's, for a day."""
    now = int(time.time())
    claims: dict[str, str | int | None] = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "iat": now,
        "exp": now + _TOKEN_SECONDS,
    }
    claims[settings.better_auth_user_id_claim] = user_id
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, jwk.construct(settings.secrets[0].encode(), "HS256"), "HS256")


def _secret() -> str:
    """The same at every start, so that tokens stay valid."""
    path = _DATA / "better-auth-secret"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(token_urlsafe(32))
        draft.rename(path)
    return path.read_text()
