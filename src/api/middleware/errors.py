"""Render every exception as a problem (RFC 9457), inside CORS so that browsers can read it."""

import logging

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.middleware.response_headers import response_of
from src.api.problems import problem, problem_of
from src.observability.logging import describe_exception

logger = logging.getLogger(__name__)


class ErrorMiddleware:
    """Turns what the application, the middlewares below or the framework raise into a response.

    An unexpected exception becomes a 500 that contains the request id and nothing else; the log has the id, the
    exception's type and its stack.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return  # before a response, which has no recipient now
        except Exception as error:
            if scope["type"] != "http" or response_of(scope).status is not None:
                raise
            response = problem_of(Request(scope), error) or _internal_error(error, scope["state"]["request_id"])
            await response(scope, receive, send)


def _internal_error(error: Exception, request_id: str) -> Response:
    exception = describe_exception(error)
    logger.error("request %s failed with %s", request_id, exception["type"], extra={"exception": exception})
    detail = "An internal error occurred; report the request id to the operator."
    return problem(500, "internal-error", "Internal server error", detail, request_id=request_id)
