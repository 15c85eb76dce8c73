"""Resolve a handler's dependencies by a plan that is compiled once at start-up, instead of for each request.

FastAPI walks the tree of dependencies on each request: it copies caches, opens two exit stacks, and inspects callables
and annotations that never change. That takes longer than the rest of an ordinary request (ADR 0035).
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from email.message import Message as MimeMessage
from inspect import iscoroutinefunction, signature
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, NoReturn, Union, get_args, get_origin

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.params import Body
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send

from src.api.ignored_names import report_ignored
from src.api.query_names import NO_QUERY, understand
from src.schemas.spellings import Spelled, unknown_members

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
    FastAPI before anything is called. So is each request for a handler that does not return a `Response`, or that has a
    parameter other than a scalar in path, query or header, one JSON body, the request, and async dependencies.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as `APIRoute`
        super().__init__(*arguments, **options)
        self._uncompiled = self.app = AsyncExitStackMiddleware(self.app)
        extra = (self.openapi_extra or {}).get("parameters", ())
        self._parameters = frozenset(
            [*_query_names(self.dependant), *(each["name"] for each in extra if each["in"] == "query")]
        )
        self._body_model = _spelled_model(self.body_field.field_info.annotation) if self.body_field else None
        is_supported = not self._embed_body_fields and _is_compilable_tree(self.dependant)
        self.is_compiled = is_supported and _returns_response(self.endpoint)
        if self.is_compiled:
            self._calls = list(_compile(self.dependant, {}))
            self.app = self._run

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = NO_QUERY
        if scope["query_string"]:
            query = understand(scope["query_string"], self._parameters, self._body_model)
            scope["query_string"] = query.query_string
            scope.setdefault("state", {})["spellings"] = query.spellings
        request = Request(scope, receive, send)
        try:
            body = await _json_body(request) if self.body_field else _MISSING
            arguments = [_arguments(call, request, body) for call in self._calls]
        except _NotValidError:
            return await self._uncompiled(scope, _resend_body(request, receive), send)
        if query.unknown or (self._body_model and not _is_ordinary(body, self._body_model)):
            report_ignored(scope, [*query.unknown, *unknown_members(body, self._body_model)])
        calls = [*self._calls[:-1], _refusing(query.errors, self._calls[-1])] if query.errors else self._calls
        results: list[Any] = []
        for call, values in zip(calls, arguments, strict=True):
            for name, position in call.results:
                values[name] = results[position]
            results.append(await call.function(**values))
        response: Response = results[-1]
        return await response(scope, receive, send)


def _is_ordinary(body: object, model: type[Spelled]) -> bool:
    """Whether all members of a body have the names of the contract."""
    return not isinstance(body, dict) or body.keys() <= model.__pydantic_fields__.keys()


def _refusing(errors: Sequence[dict[str, Any]], handler: _Call) -> _Call:
    """Refuse a query in place of the handler, after its dependencies have checked the owner."""

    async def refuse(**_: object) -> NoReturn:
        raise RequestValidationError(errors)

    return handler._replace(function=refuse)


def _query_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for each in dependant.dependencies:
        yield from _query_names(each)


def _spelled_model(annotation: Any) -> type[Spelled] | None:  # noqa: ANN401 - any type
    """Return the model of a body that has spellings, also where the body is optional."""
    found = (
        each for each in (annotation, *get_args(annotation)) if isinstance(each, type) and issubclass(each, Spelled)
    )
    return next(found, None)


def _is_compilable_tree(dependant: Dependant) -> bool:
    return _is_compilable(dependant) and all(map(_is_compilable_tree, dependant.dependencies))


def _is_compilable(dependant: Dependant) -> bool:
    unsupported = (
        dependant.cookie_params,
        dependant.websocket_param_name,
        dependant.http_connection_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.concurrency,
    )
    parameters = (*dependant.path_params, *dependant.query_params, *dependant.header_params)
    return (
        iscoroutinefunction(dependant.call)
        and dependant.use_cache
        and not any(unsupported)
        and all(map(_is_plain, parameters))
        and all(type(field.field_info) is Body for field in dependant.body_params)
    )


def _is_plain(parameter: Any) -> bool:  # noqa: ANN401 - FastAPI's `ModelField`
    """Whether a parameter is one value with one name, and no list, no model and no choice of names."""
    info = parameter.field_info
    return (
        info.validation_alias in (None, parameter.alias) and not info.validate_default and _is_scalar(info.annotation)
    )


def _is_scalar(annotation: Any) -> bool:  # noqa: ANN401 - any type
    if annotation in (str, int, float, bool, NoneType):
        return True
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _is_scalar(arguments[0])
    return get_origin(annotation) in {Union, UnionType} and all(map(_is_scalar, arguments))


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
    content_type = request.headers.get("content-type")
    if content_type != "application/json" and not _is_json(content_type):
        raise _NotValidError
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _NotValidError from None


def _is_json(content_type: str | None) -> bool:
    """Recognize JSON as FastAPI does: with parameters such as a charset, and `+json`."""
    message = MimeMessage()
    message["content-type"] = content_type or ""
    kind, subtype = message.get_content_maintype(), message.get_content_subtype()
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _resend_body(request: Request, receive: Receive) -> Receive:
    """Send the body again that was already read, so that FastAPI can read it, too."""
    body: bytes | None = getattr(request, "_body", None)
    messages: list[Message] = [] if body is None else [{"type": "http.request", "body": body, "more_body": False}]

    async def resent() -> Message:
        return messages.pop() if messages else await receive()

    return resent
