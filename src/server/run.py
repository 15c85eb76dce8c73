"""uvicorn, set up as this service is meant to be served."""

from typing import Any

import uvicorn

from src.server.protocol import WAIT_SECONDS, BoundedHttp

_GRACE_SECONDS = 6  # for requests that run when the process is told to end

_START_SECONDS = 30  # uvicorn kills a worker that takes longer


def run(host: str, port: int, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
    """Serve `src.main:app` within the bounds of `BoundedHttp` until told to end; `options` are uvicorn's."""
    uvicorn.run(
        "src.main:app",
        host=host,
        port=port,
        http=BoundedHttp,
        ws="none",
        server_header=False,
        timeout_keep_alive=WAIT_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_worker_healthcheck=_START_SECONDS,
        **options,
    )
