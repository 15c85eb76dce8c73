"""The last resort: a defect answers 500 as a problem, inside CORS so that browsers can read it."""

import logging
from traceback import format_tb
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.problems import problem

logger = logging.getLogger(__name__)


class UnexpectedErrors:
    """Turns an exception that nobody handled into a 500 that tells a request id and nothing else.

    The log gets the id, the type and the place. It does not get the message: those of PostgreSQL and asyncpg quote
    rows and arguments, which are the users' texts.
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
            await _answer(error)(scope, receive, send)


def _answer(error: Exception) -> ASGIApp:
    request_id = uuid4().hex
    place = "".join(format_tb(error.__traceback__))
    logger.error("request %s failed with %s at\n%s", request_id, type(error).__qualname__, place)
    detail = "Something went wrong on our side; the request id helps to find out what."
    headers = {"X-Request-ID": request_id}
    return problem(500, "internal-error", "Internal server error", detail, headers, request_id=request_id)
