"""Run uvicorn with the limits of this service."""

from typing import Any

import uvicorn

from src.server.protocol import REQUEST_TIMEOUT_SECONDS, LimitedHttpProtocol

_GRACEFUL_SHUTDOWN_SECONDS = 6  # for the requests in progress at the shutdown

_WORKER_START_SECONDS = 30  # uvicorn kills a worker that takes longer


def run(host: str, port: int, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
    """Serve `src.main:app` with `LimitedHttpProtocol` until the shutdown; `options` are uvicorn's."""
    uvicorn.run(
        "src.main:app",
        host=host,
        port=port,
        http=LimitedHttpProtocol,
        ws="none",
        server_header=False,
        timeout_keep_alive=REQUEST_TIMEOUT_SECONDS,
        timeout_graceful_shutdown=_GRACEFUL_SHUTDOWN_SECONDS,
        timeout_worker_healthcheck=_WORKER_START_SECONDS,
        **options,
    )
