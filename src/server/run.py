"""Run uvicorn with the limits of this service."""

import logging
import sys
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload

from src.server.listening import listen
from src.server.protocol import REQUEST_TIMEOUT_SECONDS, LimitedHttpProtocol, Timeouts
from src.server.workers import Server, Supervisor

logger = logging.getLogger("uvicorn.error")

_GRACEFUL_SHUTDOWN_SECONDS = 6  # for the requests in progress at the shutdown

_WORKER_START_SECONDS = 30  # uvicorn kills a worker that takes longer


def run(
    host: str,
    port: int,
    *,
    timeouts: Timeouts | None = None,
    shutdown_delay: float = 0,
    **options: Any,  # noqa: ANN401 - uvicorn's
) -> None:
    """Serve `src.main:app` with `LimitedHttpProtocol` until the shutdown; `options` are uvicorn's.

    `shutdown_delay` is that of the application, which the supervisor of several workers has to know.
    """
    timeouts = timeouts or Timeouts(REQUEST_TIMEOUT_SECONDS, REQUEST_TIMEOUT_SECONDS, None)
    config = uvicorn.Config(
        "src.main:app",
        host=host,
        port=port,
        http=partial(LimitedHttpProtocol, timeouts=timeouts),  # type: ignore[arg-type]  # it is called like a class
        ws="none",
        server_header=False,
        timeout_keep_alive=int(timeouts.keep_alive) + 1,  # later than ours
        timeout_graceful_shutdown=_GRACEFUL_SHUTDOWN_SECONDS,
        timeout_worker_healthcheck=_WORKER_START_SECONDS,
        **options,
    )
    with suppress(KeyboardInterrupt):
        _serve(config, shutdown_delay)


def _serve(config: uvicorn.Config, shutdown_delay: float) -> None:
    sockets = listen(config.host, config.port)
    logger.info("Uvicorn running on http://%s:%d (Press CTRL+C to quit)", _in_url(config.host), config.port)
    if config.should_reload:  # the processes before and after a change share the sockets
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=sockets).run()
    elif config.workers > 1:
        Supervisor(config, sockets, shutdown_delay).run()
    else:
        server = Server(config)
        server.run(sockets)
        if not server.started:
            sys.exit(STARTUP_FAILURE)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
