"""Make untrusted input safe to log: one line of printable ASCII, of limited length."""

_MAX_LENGTH = 80


def log_safe(value: object) -> str:
    """Quote a string, truncated to 80 characters and with everything but printable ASCII escaped.

    Any other value is replaced by its type.
    """
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__}"
    return ascii(value if len(value) <= _MAX_LENGTH else value[:_MAX_LENGTH] + "...")
