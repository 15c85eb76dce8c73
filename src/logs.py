"""What the service says while it runs: plain lines on standard error, beside those of uvicorn."""

import logging


def configure_logging(*, debug: bool) -> None:
    """Log from INFO on, or from DEBUG on; what has been configured already stays."""
    level = logging.DEBUG if debug else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
