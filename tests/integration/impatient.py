"""`python -m src`, except that it waits a fifth as long for clients that send or read too slowly."""

from src.server import bounded_http, reader

_FACTOR = 0.2
_WAITS = [(bounded_http, "WAIT_SECONDS"), (bounded_http, "_CHECK_SECONDS"), (reader, "STALL_SECONDS")]

for module, name in _WAITS:
    setattr(module, name, _FACTOR * getattr(module, name))

if __name__ == "__main__":
    from src.__main__ import app

    app()
