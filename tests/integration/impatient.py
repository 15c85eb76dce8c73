"""`python -m src`, except that it waits a fifth as long for clients that send or read too slowly."""

from src.server import bounded_http, reader

_FACTOR = 0.2

bounded_http.WAIT_SECONDS *= _FACTOR
bounded_http._CHECK_SECONDS *= _FACTOR  # noqa: SLF001 - part of the same wait
reader.STALL_SECONDS *= _FACTOR

if __name__ == "__main__":
    from src.__main__ import app

    app()
