"""What a stranger sent, fit for a log line: one bounded line of ASCII."""

_LONGEST = 80


def log_safe(value: object) -> str:
    """`value` in quotes when it is a string, cut to 80 characters, everything beyond printable ASCII escaped.

    Of anything else only the type is told.
    """
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__}"
    return ascii(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
