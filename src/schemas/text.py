"""What every text must be, and what clients send in place of it."""

NO_NUL_PATTERN = r"^[^\x00]*$"
"""PostgreSQL's text can hold every character but this one."""


def lowercase(value: object) -> object:
    """Any case will do."""
    return value.lower() if isinstance(value, str) else value


def null_if_empty(value: object) -> object:
    """An empty field of a form sends an empty string."""
    return None if value == "" else value
