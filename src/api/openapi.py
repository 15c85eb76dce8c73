"""The OpenAPI document, complete enough to generate a client from."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from src.api.compiled_route import CompiledRoute
from src.api.middleware.jwt_auth import PUBLIC_PATHS
from src.api.openapi_schemas import rewrite, rewrite_components, without_null
from src.api.problem_examples import examples_of
from src.api.problems import MEDIA_TYPE
from src.api.root_path import remove_root_path
from src.api.route_index import RouteIndex
from src.schemas.problems import (
    OperationsFailedProblem,
    PlainProblem,
    RateLimitProblem,
    TaskChangedProblem,
    TaskQuotaProblem,
    ValidationProblem,
)

_DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "The access token is missing, invalid or expired.",
    403: "The path names another user, a page of another origin sent the session cookie, or the quota is used up.",
    404: "The user has no task with this id.",
    409: "The first request with this `Idempotency-Key` is in progress; retry after `Retry-After` seconds.",
    410: "The sync token is expired: discard the copy and load everything again.",
    412: "The task has changed: its revision is not in `If-Match`. `current` is its current state.",
    413: "The body is larger than 1 MiB, or the response is too large to be stored for its `Idempotency-Key`.",
    415: "The body is not JSON.",
    422: "The request is invalid; `errors` lists what is wrong.",
    429: "A rate limit or the limit of event streams is reached; retry after `Retry-After` seconds.",
    503: "The database or the signing keys are unavailable, or the API is overloaded; see `Retry-After`.",
}
_MODELS: dict[int, Any] = {
    403: PlainProblem | TaskQuotaProblem,
    412: TaskChangedProblem,
    422: ValidationProblem,
    429: PlainProblem | RateLimitProblem,
}
_HEADERS = {
    401: {"WWW-Authenticate": "The challenge of RFC 6750."},
    409: {"Retry-After": "The number of seconds after which to retry."},
    429: {
        "Retry-After": "The number of seconds after which to retry.",
        "RateLimit": 'The remaining quota, and the seconds until the limit resets, such as `"user";r=0;t=12`.',
        "RateLimit-Policy": 'The limit, in requests per window of seconds, such as `"user";q=1000;w=60`.',
    },
    503: {"Retry-After": "The number of seconds after which to retry."},
}
_CONDITIONAL_HEADERS = {
    "304": ("If-None-Match", "Respond with 304 if the `ETag` is still one of these."),
    "412": ("If-Match", "Change the task only if its `ETag` is one of these; respond with 412 otherwise."),
}
_NEVER_INVALID = {"get_settings", "list_tags"}
"""The operations that take nothing which could be invalid; FastAPI documents 422 for every path with a parameter."""

_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A JWT that the Better Auth front end has issued, such as `(await authClient.token()).data.token`; "
    "in development, `uv run python -m src token dev-user` prints one.",
}


type Responses = dict[int | str, dict[str, Any]]


def errors(*statuses: int) -> Responses:
    """Build the `responses` of a route that has these errors."""
    return {
        status: {
            "model": _MODELS.get(status, PlainProblem),
            "description": _DESCRIPTIONS[status],
            **(headers(**_HEADERS[status]) if status in _HEADERS else {}),
        }
        for status in statuses
    }


OPERATIONS_FAILED: Responses = {
    409: {
        "model": OperationsFailedProblem | PlainProblem,
        "description": "An operation failed, so none was applied; or the first request with this key is in progress.",
    }
}
REPLAYED = {"Idempotency_Replayed": "`true` if this is the stored response to an earlier request with the same key."}


def headers(**descriptions: str) -> dict[str, Any]:
    """Build the `headers` of a response from names and descriptions."""
    return {
        "headers": {
            name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
            for name, text in descriptions.items()
        }
    }


def operation_id(route: APIRoute) -> str:
    """Use the handler's name, which generated clients use for their methods."""
    return route.name


class TaskAPI(FastAPI):
    """FastAPI with compiled routes, the middleware of the application alone, and a complete OpenAPI document.

    The document gets what FastAPI cannot know: the security scheme and the media type of errors.
    """

    def __init__(self, describe: Callable[[dict[str, Any]], None] | None = None, **options: Any) -> None:  # noqa: ANN401 - as `FastAPI`
        super().__init__(**options)
        self._describe = describe
        self.router.route_class = CompiledRoute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, also below a root path."""
        if scope.get("root_path") and scope["type"] == "http":
            remove_root_path(scope, self._first_segments)
        await super().__call__(scope, receive, send)

    @cached_property
    def _first_segments(self) -> frozenset[str]:
        return frozenset(str(getattr(route, "path", "/")).split("/")[1] for route in self.routes)

    def build_middleware_stack(self) -> ASGIApp:
        """Leave out FastAPI's layers that `ErrorMiddleware` and `BodyLimitMiddleware` replace."""
        app: ASGIApp = RouteIndex(AsyncExitStackMiddleware(self.router), self.routes)
        for layer, arguments, options in reversed(self.user_middleware):
            app = layer(app, *arguments, **options)
        return app

    def openapi(self) -> dict[str, Any]:
        """Return the document, which is built once."""
        cached = self.openapi_schema
        schema = super().openapi()
        if schema is not cached:
            _complete(schema)
            if self._describe:
                self._describe(schema)
        return schema


def _complete(schema: dict[str, Any]) -> None:
    components = schema["components"]
    components["schemas"] = rewrite_components(components["schemas"])
    components["securitySchemes"] = {"bearerAuth": _SECURITY}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in PUBLIC_PATHS else [{"bearerAuth": []}]
            if parameters := _conditional_headers(operation["responses"]):
                operation["parameters"] += parameters
            if operation["operationId"] in _NEVER_INVALID:
                del operation["responses"]["422"]
            _mark_problems(operation)
            _correct_references(operation["responses"])
            _rewrite_schemas(operation)


def _rewrite_schemas(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        parameter["schema"] = schema = without_null(rewrite(parameter["schema"]))
        if description := schema.pop("description", None):
            parameter["description"] = description
    for message in (operation.get("requestBody", {}), *operation["responses"].values()):
        for content in message.get("content", {}).values():
            content["schema"] = rewrite(content["schema"])


def _conditional_headers(responses: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": text}
        for status, (name, text) in _CONDITIONAL_HEADERS.items()
        if status in responses
    ]


def _mark_problems(operation: dict[str, Any]) -> None:
    examples = examples_of(operation["operationId"])
    for status, response in operation["responses"].items():
        if status >= "400":
            [content] = response["content"].values()
            response["content"] = {MEDIA_TYPE: content | {"example": examples[status]}}


def _correct_references(responses: dict[str, Any]) -> None:
    """Remove the type beside a reference to a model, because FastAPI takes each stream for a string."""
    for response in responses.values():
        for content in response.get("content", {}).values():
            if "$ref" in content["schema"]:
                content["schema"].pop("type", None)
