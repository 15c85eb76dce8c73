"""Load the settings from the environment, which no other module reads. An invalid one stops startup with a sentence."""

import os
from functools import cached_property
from importlib.util import find_spec
from secrets import token_urlsafe
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    Field,
    HttpUrl,
    RedisDsn,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from src.config.front_ends import FrontEndSettings, FrontEndUrls, Names, authorization_servers, front_ends
from src.config.types import (
    BytesOrOff,
    DatabaseUrlSetting,
    HostList,
    LogLevel,
    Origins,
    PublicUrl,
    QuotaOrOff,
    Secret,
    Secrets,
    Switches,
    Urls,
    UserIdClaim,
)
from src.db.url import DatabaseUrl
from src.rate_limiting.rate import Rate, RateOrOff
from src.schemas.origin import WILDCARD

_ENV_FILE = ".env"

PLACEHOLDER_DATABASE_URL = "postgresql://not/needed"
"""A valid DATABASE_URL for commands that use only the other settings."""

# The optional package that a setting needs, and the dependency group that installs it.
_OPTIONAL = {
    "otel_exporter_otlp_endpoint": ("opentelemetry.sdk", "otel"),
    "rate_limit_storage_url": ("redis", "redis"),
    "mcp_session_tokens": ("mcp", "mcp"),
    "public_url": ("mcp", "mcp"),
}


class DatabaseSettings(BaseSettings):
    """The addresses of the database, which are the only settings that migrations need."""

    model_config = SettingsConfigDict(
        env_file=_ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: DatabaseUrlSetting
    database_url_unpooled: DatabaseUrlSetting | None = None

    @property
    def migration_url(self) -> DatabaseUrl:
        """The database URL for migrations, past any pooler, because they need one session for all their statements."""
        return self.database_url_unpooled or self.database_url


class Settings(DatabaseSettings):
    """The settings, one field per environment variable or line of `.env`; `.env.example` explains them."""

    environment: Literal["production", "development", "test"] = "production"
    log_format: Literal["json", "plain"] | None = None
    log_level: LogLevel = "info"
    database_pool_size: Annotated[int, Field(ge=1, le=1000)] = 10
    database_prepared_statements: bool | None = None
    better_auth_url: Annotated[FrontEndUrls, Field(repr=False)] = []
    better_auth_jwks_url: Annotated[Urls, Field(repr=False)] = []
    better_auth_secrets: Secrets = []
    better_auth_secret: Annotated[Secret | None, Field(validate_default=True)] = None
    better_auth_issuer: Names = []
    better_auth_audience: Names = []
    better_auth_user_id_claim: UserIdClaim = "sub"
    better_auth_require_issuer_and_audience: bool = False
    better_auth_cookie_cache: bool = False
    allowed_origins: Origins = []
    allowed_hosts: HostList = []
    hsts_max_age: Annotated[int, Field(ge=0)] = 0
    shutdown_delay: Annotated[float, Field(ge=0, le=60)] = 2
    trash_retention_days: Annotated[int, Field(ge=0, le=36500)] = 30
    tasks_per_user: QuotaOrOff = 100_000
    task_bytes_per_user: BytesOrOff = 256 * 1024 * 1024
    otel_exporter_otlp_endpoint: Annotated[HttpUrl | None, Field(repr=False)] = None
    public_url: PublicUrl | None = None
    mcp_session_tokens: bool = False
    rest_oauth_tokens: bool = False
    list_format: Literal["object", "array"] = "object"
    compatibility: Switches = []
    rate_limit: RateOrOff = Rate(1000, "minute")
    rate_limit_auth_failures: RateOrOff = Rate(30, "minute")
    rate_limit_storage_url: Annotated[RedisDsn | None, Field(repr=False)] = None

    @field_validator("better_auth_secret")
    @classmethod
    def _require_token_verification(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        sources = ("better_auth_url", "better_auth_jwks_url", "better_auth_secrets")
        if secret is None and not any(info.data.get(name, "wrong") for name in sources):
            raise ValueError("set BETTER_AUTH_SECRET or BETTER_AUTH_URL, because tokens cannot be verified without one")
        return secret

    @field_validator(*_OPTIONAL)
    @classmethod
    def _require_optional_package(cls, value: object, info: ValidationInfo) -> object:
        package, group = _OPTIONAL[str(info.field_name)]
        if value and find_spec(package) is None:
            raise ValueError(f"needs packages that are not installed: add '--group {group}' to 'uv sync'")
        return value

    @model_validator(mode="after")
    def _require_issuer_and_audience(self) -> Self:
        strict = self.better_auth_require_issuer_and_audience
        unnamed = [
            each for each in self.front_ends if (each.jwks_url or strict) and not (each.issuers and each.audiences)
        ]
        if unnamed or (strict and not self.front_ends):
            raise ValueError("BETTER_AUTH_URL is missing: tokens must name it as their issuer and audience")
        return self

    @model_validator(mode="after")
    def _require_what_oauth_needs(self) -> Self:
        if self.public_url is not None and not self.authorization_servers:
            raise ValueError("PUBLIC_URL needs BETTER_AUTH_URL, because that issues the access tokens of OAuth clients")
        if self.rest_oauth_tokens and self.public_url is None:
            raise ValueError("REST_OAUTH_TOKENS needs PUBLIC_URL, which is part of the audience of these tokens")
        return self

    @model_validator(mode="after")
    def _require_exact_origins_for_cookies(self) -> Self:
        if self.better_auth_cookie_cache and any(WILDCARD in origin for origin in self.allowed_origins):
            raise ValueError(
                "ALLOWED_ORIGINS must not contain '*' where BETTER_AUTH_COOKIE_CACHE is set, because pages of every "
                "site that matches could use the session cookie"
            )
        return self

    @property
    def secrets(self) -> list[str]:
        """The secrets that HS256 tokens may be signed with, the current one first."""
        single = [] if self.better_auth_secret is None else [self.better_auth_secret]
        return [secret.get_secret_value() for secret in (*self.better_auth_secrets, *single)]

    @cached_property
    def front_ends(self) -> list[FrontEndSettings]:
        """The front ends whose tokens are accepted.

        Raises:
            ValueError: The settings do not fit together.
        """
        return front_ends(
            self.better_auth_url, self.better_auth_jwks_url, self.better_auth_issuer, self.better_auth_audience
        )

    @property
    def authorization_servers(self) -> list[str]:
        """The issuers of the access tokens of OAuth clients."""
        return [server for server, _ in self.oauth_keys]

    @property
    def oauth_keys(self) -> list[tuple[str, str]]:
        """The issuers of the access tokens of OAuth clients, each with the URL of its JWKS."""
        servers = authorization_servers(self.better_auth_url, self.better_auth_issuer)
        return [
            (server, each.jwks_url) for server, each in zip(servers, self.front_ends, strict=False) if each.jwks_url
        ]

    @property
    def mcp_url(self) -> str | None:
        """The URL of the MCP server: what access tokens of OAuth clients have as their audience (RFC 8707)."""
        return None if self.public_url is None else f"{self.public_url}/mcp"

    @property
    def serves_mcp(self) -> bool:
        """Whether there is a token with which an agent may use `/mcp`."""
        return self.mcp_session_tokens or self.public_url is not None

    @property
    def log_form(self) -> Literal["json", "plain"]:
        """The log format: plain text in development, JSON otherwise."""
        return self.log_format or ("plain" if self.environment == "development" else "json")

    @property
    def prepared_statements(self) -> bool:
        """Whether to use prepared statements: not through a pooler in transaction mode, unless the setting says so."""
        if self.database_prepared_statements is None:
            return not self.database_url.pooled
        return self.database_prepared_statements


def load_settings(**values: Any) -> Settings:  # noqa: ANN401 - as the fields, parsed by pydantic
    """Load the settings from `values`, the environment and `.env`, in this order of precedence.

    Raises:
        SystemExit: A setting is missing or invalid; the message has a sentence for each and none of their values.
    """
    return _load(Settings, **values)


def load_settings_without_tokens() -> Settings:
    """Load the settings of a command that verifies no tokens, so that it needs none of Better Auth.

    Raises:
        SystemExit: As for `load_settings`.
    """
    return load_settings(better_auth_secret=token_urlsafe(32))


def load_migration_url() -> DatabaseUrl:
    """Load the database URL for migrations from the environment and `.env`, without the other settings.

    Raises:
        SystemExit: As for `load_settings`.
    """
    return _load(DatabaseSettings).migration_url


def _load[Loaded: DatabaseSettings](kind: type[Loaded], **values: Any) -> Loaded:  # noqa: ANN401 - as above
    try:
        return kind(**values)
    except ValidationError as error:
        sentences = dict.fromkeys(map(_sentence, error.errors(include_input=False)))
        raise SystemExit("Invalid settings: " + "; ".join(sentences)) from None


def set_default(name: str, value: str) -> None:
    """Set an environment variable of this process and its children, unless the environment or `.env` sets it."""
    if not is_set(name):
        set_variable(name, value)


def set_variable(name: str, value: str) -> None:
    """Set an environment variable of this process and its children, which has precedence over `.env`."""
    os.environ[name] = value


def environment_with(**values: str) -> dict[str, str]:
    """Return the environment with further variables, for a child that must not get them on its command line."""
    return os.environ | values


def is_set(name: str) -> bool:
    """Return whether the environment or `.env` sets the variable; an empty value counts as unset."""
    return value_of(name) is not None


def value_of(name: str) -> str | None:
    """Return the value that the environment or `.env` sets; an empty one counts as unset."""
    values = (dotenv_values(_ENV_FILE) | os.environ).items()
    return next((value for key, value in values if value and key.upper() == name), None)


def _sentence(error: Any) -> str:  # noqa: ANN401 - pydantic_core's ErrorDetails
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return f"{name} is missing"
    return message if name in message else f"{name}: {message}"
