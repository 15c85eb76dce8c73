"""Resolve a handler's dependencies by a plan that is compiled at start-up, instead of anew for each request.

FastAPI walks the tree of dependencies on each request: it copies caches, opens two exit stacks, and inspects callables
and annotations that never change. That takes longer than the rest of an ordinary request (ADR 0035).
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from inspect import iscoroutinefunction, signature
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

_MISSING = object()


class _NotValidError(Exception):
    """Raised to hand an invalid request to FastAPI, which reports the errors."""


class _Parameter(NamedTuple):
    """One path, query or header parameter."""

    name: str
    read: Callable[[Request], object]
    field: Any
    """FastAPI's `ModelField`, which validates it."""


class _Call(NamedTuple):
    """One call, of a dependency or at last of the handler, and the sources of its arguments."""

    function: Callable[..., Awaitable[Any]]
    parameters: list[_Parameter]
    results: list[tuple[str, int]]
    """The names of parameters, and the positions of the calls whose results they take."""
    request_name: str | None
    body: Any


class CompiledRoute(APIRoute):
    """A route that calls its dependencies in an order which is computed once.

    Handlers, `Depends`, OpenAPI and validation errors stay FastAPI's. A request that does not validate is left to
    FastAPI before anything is called. So is a handler that does not return a `Response`, or that has a parameter of
    another kind: a cookie, a form, a dependency with `yield` or one that is not async.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as `APIRoute`
        super().__init__(*arguments, **options)
        self._uncompiled = self.app = AsyncExitStackMiddleware(self.app)
        if all(map(_is_compilable, _walk(self.dependant))) and _returns_response(self.endpoint):
            self._calls = list(_compile(self.dependant, {}))
            self.app = self._run

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            body = await _json_body(request) if self.body_field else _MISSING
            arguments = [_arguments(call, request, body) for call in self._calls]
        except (_NotValidError, ClientDisconnect):
            return await self._uncompiled(scope, _resend_body(request, receive), send)
        results: list[Any] = []
        for call, values in zip(self._calls, arguments, strict=True):
            values.update((name, results[position]) for name, position in call.results)
            results.append(await call.function(**values))
        response: Response = results[-1]
        return await response(scope, receive, send)


def _walk(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _walk(each)


def _is_compilable(dependant: Dependant) -> bool:
    unsupported = (
        dependant.cookie_params,
        dependant.body_params[1:],
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.concurrency,
    )
    return iscoroutinefunction(dependant.call) and dependant.use_cache and not any(unsupported)


def _returns_response(handler: Callable[..., Any]) -> bool:
    returned = signature(handler, eval_str=True).return_annotation
    return isinstance(returned, type) and issubclass(returned, Response)


def _compile(dependant: Dependant, positions: dict[Any, int]) -> Iterator[_Call]:
    """List the calls of a dependency tree, dependencies first and each function once."""
    for each in dependant.dependencies:
        if each.call not in positions:
            yield from _compile(each, positions)
    results = [(each.name, positions[each.call]) for each in dependant.dependencies if each.name]
    positions[dependant.call] = len(positions)
    body = next(iter(dependant.body_params), None)
    function: Any = dependant.call
    yield _Call(function, list(_parameters(dependant)), results, dependant.request_param_name, body)


def _parameters(dependant: Dependant) -> Iterator[_Parameter]:
    for field in dependant.path_params:
        yield _Parameter(field.name, _from_path(field.alias), field)
    for field in dependant.query_params:
        yield _Parameter(field.name, _from_query(field.alias), field)
    for field in dependant.header_params:
        yield _Parameter(field.name, _from_header(field.alias), field)


def _from_path(alias: str) -> Callable[[Request], object]:
    return lambda request: request.path_params[alias]


def _from_query(alias: str) -> Callable[[Request], object]:
    return lambda request: request.query_params.get(alias, _MISSING)


def _from_header(alias: str) -> Callable[[Request], object]:
    return lambda request: request.headers.get(alias, _MISSING)


def _arguments(call: _Call, request: Request, body: object) -> dict[str, Any]:
    values = {name: _validated(field, read(request)) for name, read, field in call.parameters}
    if call.request_name:
        values[call.request_name] = request
    if call.body:
        values[call.body.name] = _validated(call.body, body)
    return values


def _validated(field: Any, value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    if value is _MISSING:
        if field.field_info.is_required():
            raise _NotValidError
        return field.get_default()
    validated, errors = field.validate(value)
    if errors:
        raise _NotValidError
    return validated


async def _json_body(request: Request) -> object:
    """Parse the body, and return `_MISSING` if it is empty."""
    body = await request.body()
    if not body:
        return _MISSING
    if request.headers.get("content-type") != "application/json":
        raise _NotValidError  # FastAPI recognizes other JSON media types, such as one with a charset
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _NotValidError from None


def _resend_body(request: Request, receive: Receive) -> Receive:
    """Send the body again that was already read, so that FastAPI can read it, too."""
    body: bytes | None = getattr(request, "_body", None)
    messages: list[Message] = [] if body is None else [{"type": "http.request", "body": body, "more_body": False}]

    async def resent() -> Message:
        return messages.pop() if messages else await receive()

    return resent
