"""One line in the log for each request, and a request id on each answer."""

import logging
import re
from random import getrandbits
from time import perf_counter
from typing import Literal

from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.request_line import RequestLine
from src.api.standard_output import LineWriter
from src.logs import Ids, current_request

_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_RENDER = {"json": RequestLine.as_json, "plain": RequestLine.as_plain}

logger = logging.getLogger(__name__)


class RequestLog:
    """Logs each request at INFO when it has been answered, whoever answered it, and sends `X-Request-ID` with it.

    The id is a proxy's `X-Request-ID` (up to 64 letters, digits, `.`, `_`, `:`, `-`), or else the id of the trace that
    the request belongs to, or else a new one. The line tells the route's template and not the path, which has ids and
    whatever people type; no query, no header and nothing of a body.
    """

    def __init__(
        self, app: ASGIApp, lines: LineWriter, form: Literal["json", "plain"], *, traced: bool = False
    ) -> None:
        self._app, self._lines, self._render, self._traced = app, lines, _RENDER[form], traced

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        ids = _ids(scope, _current_trace() if self._traced else None)
        scope.setdefault("state", {})["request_id"] = ids.request_id
        answer, started, token = _Answer(send, ids.request_id), perf_counter(), current_request.set(ids)
        try:
            await self._app(scope, receive, answer.send)
        finally:
            current_request.reset(token)
            if logger.isEnabledFor(logging.INFO):
                self._log(scope, ids, answer, perf_counter() - started)

    def _log(self, scope: Scope, ids: Ids, answer: "_Answer", seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", None)
        user_id = scope["state"].get("user_id")
        line = RequestLine(*ids, scope["method"], route, user_id, answer.status, answer.size, seconds)
        self._lines.write(self._render(line))


class _Answer:
    """What has been sent, with the request id among its headers."""

    __slots__ = ("_id", "_send", "size", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._id = send, (b"x-request-id", request_id.encode("ascii"))
        self.status: int | None = None
        self.size = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._id]
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


def _ids(scope: Scope, trace_id: str | None) -> Ids:
    request_id = None
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            request_id = value.decode("ascii")
        elif name == b"traceparent" and trace_id is None and (parent := _TRACEPARENT.fullmatch(value)):
            trace_id = parent[1].decode("ascii")
    return Ids(request_id or trace_id or f"{getrandbits(128):032x}", trace_id)


def _current_trace() -> str | None:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None
