"""CORS (https://fetch.spec.whatwg.org/#http-cors-protocol), at no cost for a request without an `Origin`."""

from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from src.api.middleware.response_headers import response_of

_VARY = {"Vary": "Origin"}


class LeanCORSMiddleware(CORSMiddleware):
    """Starlette's `CORSMiddleware`, which parses the headers only of a request that has an `Origin`.

    Any other request gets the one header that caches need: the response would be another one with an `Origin`.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            return await super().__call__(scope, receive, send)
        response_of(scope).add(_VARY)
        return await self.app(scope, receive, send)
