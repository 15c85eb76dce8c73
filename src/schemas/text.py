"""Validators for texts."""

NO_NUL_PATTERN = r"^[^\x00]*$"
"""Any text without NUL, the one character that PostgreSQL's text cannot store."""


def lowercase(value: object) -> object:
    """Convert a string to lower case; return any other value unchanged."""
    return value.lower() if isinstance(value, str) else value


def null_if_empty(value: object) -> object:
    """Convert an empty string to None, because an empty form field sends one."""
    return None if value == "" else value
