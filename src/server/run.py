"""uvicorn, set up as this service is meant to be served."""

from typing import Any

import uvicorn

from src.server.bounded_http import BoundedHttp

GRACE_SECONDS = 8
"""How long requests may run on after the process was told to end."""


def run(host: str, port: int, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
    """Serve `src.main:app` within the bounds of `BoundedHttp` until told to end; `options` are uvicorn's."""
    uvicorn.run(
        "src.main:app",
        host=host,
        port=port,
        http=BoundedHttp,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **options,
    )
