"""`python -m src`, except that it waits a fifth as long for clients that send or read too slowly."""

from src.server import protocol, slow_reader

_FACTOR = 0.2
_WAITS = [(protocol, "REQUEST_TIMEOUT_SECONDS"), (protocol, "_CHECK_SECONDS"), (slow_reader, "MEASUREMENT_SECONDS")]

for module, name in _WAITS:
    setattr(module, name, _FACTOR * getattr(module, name))

if __name__ == "__main__":
    from src.cli import command_line

    command_line()()
