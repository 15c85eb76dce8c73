"""CORS (https://fetch.spec.whatwg.org/#http-cors-protocol), at no cost for a request without an `Origin`."""

import logging
import re

from fastapi import Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.middleware.response_headers import response_of
from src.api.problems import render
from src.auth.log_safe import log_safe
from src.errors.client import OpaqueOriginRefused, PreflightRefused
from src.schemas.origin import OriginSet

_VARY = {"Vary": "Origin"}
_ALLOW_HEADERS = "Access-Control-Allow-Headers"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, section 5.1

logger = logging.getLogger(__name__)


class LeanCORSMiddleware(CORSMiddleware):
    """Starlette's `CORSMiddleware`, which parses the headers only of a request that has an `Origin`.

    Any other request gets the one header that caches need: the response would be another one with an `Origin`. A page
    of an allowed origin may send any header, because tracing libraries add their own. With `explain` the log names
    origins that are refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        allow_origins: OriginSet,
        allow_headers: list[str],
        expose_headers: list[str],
        *,
        explain: bool,
    ) -> None:
        super().__init__(
            app,
            allow_origins=allow_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=allow_headers,
            expose_headers=expose_headers,
            max_age=7200,
        )
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or b"origin" in dict(scope["headers"]):
            if self._explain and scope["type"] == "http":
                self._log_refusal(Headers(scope=scope))
            return await super().__call__(scope, receive, send)
        response_of(scope).add(_VARY)
        return await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Allow the requested headers, or refuse the origin."""
        origin = request_headers["origin"]
        if not self.is_allowed_origin(origin):
            response = render(OpaqueOriginRefused() if origin == "null" else PreflightRefused())
            response.headers.update(_VARY)
            return response
        requested = request_headers.get("access-control-request-headers", "").split(",")
        names = [name for name in map(str.strip, requested) if _NAME.fullmatch(name)]
        allowed = ", ".join([self.preflight_headers[_ALLOW_HEADERS], *names])
        headers = self.preflight_headers | {"Access-Control-Allow-Origin": origin, _ALLOW_HEADERS: allowed}
        return Response("OK", headers=headers, media_type="text/plain")

    def _log_refusal(self, headers: Headers) -> None:
        origin = headers["origin"]
        if self.is_allowed_origin(origin) or origin.partition("://")[2] == headers.get("host"):
            return
        remedy = OpaqueOriginRefused.detail if origin == "null" else "add it to ALLOWED_ORIGINS"
        logger.info("a page of the origin %s cannot read the response: %s", log_safe(origin), remedy)
