"""The last resort: a defect answers 500 as a problem, inside CORS so that browsers can read it."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.problems import problem
from src.logs import described

logger = logging.getLogger(__name__)


class UnexpectedErrors:
    """Turns an exception that nobody handled into a 500 that tells a request id and nothing else.

    The log gets the id, the type and the place.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await _answer(error, scope["state"]["request_id"])(scope, receive, send)


def _answer(error: Exception, request_id: str) -> ASGIApp:
    exception = described(error, error.__traceback__)
    logger.error("request %s failed with %s", request_id, exception["type"], extra={"exception": exception})
    detail = "Something went wrong on our side; the request id helps to find out what."
    return problem(500, "internal-error", "Internal server error", detail, request_id=request_id)
