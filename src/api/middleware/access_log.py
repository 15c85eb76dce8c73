"""The access log: one record for each request, and a request id on each response."""

import logging
import re
from random import getrandbits
from time import perf_counter
from typing import Literal

from opentelemetry import trace
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.middleware.response_headers import response_of
from src.observability.access_log_record import AccessLogRecord
from src.observability.line_writer import BufferedLineWriter
from src.observability.logging import RequestContext, request_context

_MAX_ID_LENGTH = 64
_ID = re.compile(rb"[A-Za-z0-9._:-]{1,%d}" % _MAX_ID_LENGTH)
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_RENDER = {"json": AccessLogRecord.as_json, "plain": AccessLogRecord.as_plain}

logger = logging.getLogger(__name__)


class AccessLogMiddleware:
    """Logs each request at INFO after its response, and sends `X-Request-ID` with it.

    The id is a proxy's `X-Request-ID` (up to 64 letters, digits, `.`, `_`, `:`, `-`), or else the id of the trace that
    the request belongs to, or else a new one. The record has the route's template instead of the path, which contains
    ids and whatever users type; it has no query, no header and nothing of a body.
    """

    def __init__(
        self, app: ASGIApp, lines: BufferedLineWriter, form: Literal["json", "plain"], *, traced: bool = False
    ) -> None:
        self._app, self._lines, self._render, self._traced = app, lines, _RENDER[form], traced

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        context = _context(scope, _current_trace() if self._traced else None)
        scope["state"]["request_id"] = context.request_id
        response_of(scope).add({"X-Request-ID": context.request_id})
        started, token = perf_counter(), request_context.set(context)
        try:
            await self._app(scope, receive, send)
        finally:
            request_context.reset(token)
            if logger.isEnabledFor(logging.INFO):
                self._log(scope, context, perf_counter() - started)

    def _log(self, scope: Scope, context: RequestContext, seconds: float) -> None:
        response, route = response_of(scope), getattr(scope.get("route"), "path_format", None)
        user_id = scope["state"].get("user_id")
        line = AccessLogRecord(*context, scope["method"], route, user_id, response.status, response.size, seconds)
        self._lines.write(self._render(line))


def _context(scope: Scope, trace_id: str | None) -> RequestContext:
    request_id = None
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            request_id = value.decode("ascii")
        elif name == b"traceparent" and trace_id is None and (parent := _TRACEPARENT.fullmatch(value)):
            trace_id = parent[1].decode("ascii")
    return RequestContext(request_id or trace_id or f"{getrandbits(128):032x}", trace_id)


def _current_trace() -> str | None:
    span = trace.get_current_span().get_span_context()
    return trace.format_trace_id(span.trace_id) if span.is_valid else None
