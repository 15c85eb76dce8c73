"""A compiled route responds as FastAPI's own route does, whatever the handler asks for and whatever is sent."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, AliasChoices, BaseModel

from src.api.compiled_route import CompiledRoute
from src.api.openapi import TaskAPI

COMPILED = {"/header", "/items", "/any", "/dependencies"}
"""The paths of the handlers below that are compiled; FastAPI calls the others."""


class Item(BaseModel):
    title: str = "none"


def respond(value: object) -> Response:
    return Response(json.dumps(value, default=str))


async def item_of_the_body(first: Item) -> Item:
    return first


async def calls(request: Request) -> list[str]:
    made: list[str] = request.scope.setdefault("calls", [])
    return made


Calls = Annotated[list[str], Depends(calls)]


async def first(calls: Calls, page: int = 1) -> str:
    calls.append(f"first {page}")
    return "first"


async def second(calls: Calls, result: Annotated[str, Depends(first)]) -> str:
    calls.append(f"second after {result}")
    return "second"


async def closing(calls: Calls) -> AsyncIterator[str]:
    yield f"opened after {len(calls)}"


async def embed(item: Annotated[Item, Body(embed=True)]) -> Response:
    return respond(item)


async def two(first: Annotated[Item, Depends(item_of_the_body)], second: Item) -> Response:
    return respond([first, second])


async def model(query: Annotated[Item | None, Query()] = None) -> Response:
    return respond(query)


async def values(f: Annotated[list[str], Query()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    return respond(f)


async def alias(f: Annotated[str, Query(validation_alias="ff")] = "default") -> Response:
    return respond(f)


async def aliases(f: Annotated[str, Query(validation_alias=AliasChoices("f1", "f2"))] = "default") -> Response:
    return respond(f)


async def default(f: Annotated[str, Query(validate_default=True), AfterValidator(str.upper)] = "d") -> Response:
    return respond(f)


async def cookie(f: Annotated[str, Cookie()] = "default") -> Response:
    return respond(f)


async def with_closing(f: Annotated[str, Depends(closing)]) -> Response:
    return respond(f)


async def header(x_token: Annotated[str | None, Header()] = None, f: Annotated[int, Query()] = 1) -> Response:
    return respond([x_token, f])


async def items(item: Item | None = None) -> Response:
    return respond(item)


async def anything(item: Annotated[dict[str, int], Body()]) -> Response:
    return respond(item)


async def dependencies(calls: Calls, b: Annotated[str, Depends(second)], a: Annotated[str, Depends(first)]) -> Response:
    return respond([*calls, a, b])


async def returns() -> dict[str, str]:
    return {"not": "a response"}


HANDLERS: list[tuple[str, str, Callable[..., Any]]] = [
    ("POST", "/embed", embed),
    ("POST", "/two", two),
    ("GET", "/model", model),
    ("GET", "/list", values),
    ("GET", "/alias", alias),
    ("GET", "/aliases", aliases),
    ("GET", "/default", default),
    ("GET", "/cookie", cookie),
    ("GET", "/closing", with_closing),
    ("GET", "/header", header),
    ("POST", "/items", items),
    ("POST", "/any", anything),
    ("GET", "/dependencies", dependencies),
    ("GET", "/returns", returns),
]


def router(route_class: type[APIRoute]) -> APIRouter:
    routes = APIRouter(route_class=route_class)
    for method, path, handler in HANDLERS:
        routes.add_api_route(path, handler, methods=[method])
    return routes


JSON = {"Content-Type": "application/json"}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/embed", {"json": {"item": {"title": "t"}}}),
    ("POST", "/two", {"json": {"first": {"title": "1"}, "second": {"title": "2"}}}),
    *(
        ("GET", path, {})
        for path in ("/model?title=t", "/model", "/list?f=1&f=2", "/list", "/alias?ff=1", "/alias?f=1")
    ),
    *(("GET", path, {}) for path in ("/aliases?f2=1", "/default", "/closing", "/returns", "/header?f=", "/header?f=x")),
    ("GET", "/cookie", {"headers": {"Cookie": "f=1"}}),
    ("GET", "/header", {"headers": {"X-Token": "t"}}),
    ("GET", "/header?f=2", {"headers": [("X-Token", "t"), ("X-Token", "u")]}),
    ("GET", "/dependencies?page=2", {}),
    ("GET", "/dependencies?page=x", {}),
    *(
        ("POST", "/items", {"content": body, "headers": JSON})
        for body in (b"", b"null", b"{}", b"{", b"[]", b"5", b"NaN")
    ),
    *(("POST", "/items", {"content": body, "headers": JSON}) for body in (b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000)),
    ("POST", "/items", {"content": b'{"title": "\xed\xa0\x80"}', "headers": JSON}),
    ("POST", "/items", {"content": b"{}"}),
    ("POST", "/items", {"content": b"{}", "headers": {"Content-Type": "application/json; charset=utf-8"}}),
    ("POST", "/items", {"content": b"{}", "headers": {"Content-Type": "application/merge-patch+json"}}),
    ("POST", "/items", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/any", {"json": {"a": "1"}}),
    ("POST", "/any", {}),
]


def client(route_class: type[APIRoute]) -> httpx.AsyncClient:
    api = TaskAPI(routes=router(route_class).routes)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api.test")


@pytest.mark.parametrize(("method", "path", "options"), REQUESTS, ids=lambda part: str(part)[:40])
async def test_a_compiled_route_responds_as_fastapi_does(method: str, path: str, options: dict[str, Any]) -> None:
    outcomes = [await _outcome(client(each), method, path, options) for each in (APIRoute, CompiledRoute)]
    assert outcomes[0] == outcomes[1]


async def _outcome(http: httpx.AsyncClient, method: str, path: str, options: dict[str, Any]) -> object:
    try:
        response = await http.request(method, path, **options)
    except Exception as error:  # noqa: BLE001 - without `ErrorMiddleware` it is raised, and compared
        return type(error), str(error)
    return response.status_code, response.headers, response.content


def test_handlers_with_ordinary_parameters_are_compiled() -> None:
    routes = [route for route in router(CompiledRoute).routes if isinstance(route, CompiledRoute)]
    assert {route.path for route in routes if route.is_compiled} == COMPILED


async def test_an_included_router_and_ordinary_routes_work_too() -> None:
    api = TaskAPI()
    api.include_router(router(APIRoute))
    api.include_router(router(CompiledRoute), prefix="/included")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://api.test") as http:
        for path in ("/header", "/included/header", "/returns", "/included/returns"):
            assert (await http.get(path)).status_code == 200
