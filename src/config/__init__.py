"""The settings of the service, read from the environment and `.env`."""

from src.config.front_ends import FrontEndSettings
from src.config.settings import (
    PLACEHOLDER_DATABASE_URL,
    Settings,
    environment_with,
    is_set,
    load_migration_url,
    load_settings,
    load_settings_without_tokens,
    set_default,
    set_variable,
    value_of,
)

__all__ = [
    "PLACEHOLDER_DATABASE_URL",
    "FrontEndSettings",
    "Settings",
    "environment_with",
    "is_set",
    "load_migration_url",
    "load_settings",
    "load_settings_without_tokens",
    "set_default",
    "set_variable",
    "value_of",
]
