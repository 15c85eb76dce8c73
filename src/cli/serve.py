"""`python -m src serve`: serve in production."""

from typing import Annotated

import typer

from src.config import load_settings
from src.observability.logging import configure_logging
from src.server.forwarded_prefix import is_path_prefix
from src.server.protocol import REQUEST_TIMEOUT_SECONDS, Timeouts
from src.server.run import run


def _check_root_path(value: str) -> str:
    path = value.rstrip("/")
    if path and not is_path_prefix(path):
        raise typer.BadParameter("must be a path such as /tasks-api")
    return path


def serve(  # noqa: PLR0913, PLR0917 - one parameter for each option
    host: Annotated[
        str, typer.Option(help="The address to listen on; :: for all, 0.0.0.0 for all of IPv4.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int | None, typer.Option(help="The number of processes; default: WEB_CONCURRENCY, or one.", min=1)
    ] = None,
    connections: Annotated[
        int, typer.Option(help="The maximum number of connections per process; 'ulimit -n' must allow more.", min=1)
    ] = 800,
    keep_alive: Annotated[
        float, typer.Option(help="The seconds after which idle connections are closed.", min=1, max=86400)
    ] = REQUEST_TIMEOUT_SECONDS,
    request_timeout: Annotated[
        float, typer.Option(help="The seconds within which a request must arrive.", min=1, max=86400)
    ] = REQUEST_TIMEOUT_SECONDS,
    stream_timeout: Annotated[
        float | None, typer.Option(help="The seconds after which event streams end; default: with the token.", min=1)
    ] = None,
    root_path: Annotated[
        str,
        typer.Option(help="The path at which a proxy serves this API, such as /tasks-api.", callback=_check_root_path),
    ] = "",
) -> None:
    """Serve in production, with limits on slow and malicious clients.

    After SIGTERM, /ready is 503 for SHUTDOWN_DELAY seconds; then the process completes its requests and exits.
    """
    settings = load_settings()  # so that an invalid setting is reported once instead of by each process
    configure_logging(form=settings.log_form, level=settings.log_level)  # for the process that supervises the workers
    run(
        host,
        port,
        timeouts=Timeouts(keep_alive, request_timeout, stream_timeout),
        shutdown_delay=settings.shutdown_delay,
        workers=workers,
        limit_concurrency=connections,
        root_path=root_path,
        access_log=False,
        log_config=None,
    )
