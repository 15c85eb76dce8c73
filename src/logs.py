"""What the service says while it runs: plain lines on standard error, beside those of uvicorn."""

import logging


def configure_logging(*, debug: bool) -> None:
    """Log this project's lines from INFO on, or from DEBUG on, and the libraries' from WARNING on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("src").setLevel(logging.DEBUG if debug else logging.INFO)
    logging.getLogger("uvicorn.access").addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    """What people search for is theirs; uvicorn's arguments are client, method, path, version and status."""
    if isinstance(record.args, tuple):
        record.args = tuple(str(each).partition("?")[0] if n == 2 else each for n, each in enumerate(record.args))  # noqa: PLR2004 - the path
    return True
