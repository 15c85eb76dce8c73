"""`python -m src serve`: serve in production."""

from typing import Annotated

import typer

from src.config import load_settings
from src.logs import configure_logging
from src.server.run import run


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int | None, typer.Option(help="How many processes; else WEB_CONCURRENCY says it, or one.", min=1)
    ] = None,
    connections: Annotated[
        int, typer.Option(help="How many connections each process keeps; 'ulimit -n' must allow some more.", min=1)
    ] = 800,
) -> None:
    """Serve in production, with bounds on what hostile and slow clients can do.

    After SIGTERM, /ready answers 503 for SHUTDOWN_DELAY seconds; then what has begun is answered, and the process ends.
    """
    settings = load_settings()  # what is wrong with them is said once, and not by each process
    configure_logging(form=settings.log_form, level=settings.log_level)  # for the process that watches over the others
    run(host, port, workers=workers, limit_concurrency=connections, access_log=False, log_config=None)
