"""What the service says while it runs: plain lines on standard error, beside those of uvicorn."""

import logging


def configure_logging(*, debug: bool) -> None:
    """Log this project's lines from INFO on, or from DEBUG on, and the libraries' from WARNING on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("src").setLevel(logging.DEBUG if debug else logging.INFO)
