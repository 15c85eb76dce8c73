"""CORS headers, on errors too."""

import logging

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import JSON, ORIGIN, StartApp, User, client

EXPOSED = {"ETag", "Idempotency-Replayed", "Link", "Location", "X-Total-Count", "Retry-After", "X-Request-ID"}
ALLOWED = {
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Time-Zone",
}


def names(header: str) -> set[str]:
    return {name.strip() for name in header.split(",")}


@pytest.mark.req("TASK-FR-059")
@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "", {}, 200),
        ("POST", "", {"json": {"title": "Buy milk"}}, 201),
        ("GET", "", {"headers": {"Authorization": "Bearer x"}}, 401),
        ("GET", "/1/../../../other/tasks", {}, 403),
        ("GET", "/1", {}, 404),
        ("POST", "", {"content": b" " * 2_000_000, "headers": JSON}, 413),
        ("POST", "", {"json": {}}, 422),
    ],
)
async def test_an_allowed_origin_can_read_every_response(
    user: User, method: str, path: str, options: dict[str, dict[str, str]], status: int
) -> None:
    options = options | {"headers": options.get("headers", {}) | {"Origin": ORIGIN}}
    response = await user.request(method, path, **options)
    assert response.status_code == status
    _is_readable(response)


@pytest.mark.req("TASK-FR-059")
@pytest.mark.usefixtures("patience")
async def test_an_allowed_origin_can_read_a_503(start_app: StartApp) -> None:
    user = User(await start_app(database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    response = await user.get(headers={"Origin": ORIGIN})
    assert response.status_code == 503
    _is_readable(response)


def _is_readable(response: httpx.Response) -> None:
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert names(response.headers["Access-Control-Expose-Headers"]) >= EXPOSED


@pytest.mark.req("TASK-FR-060")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_needs_no_token(anonymous: httpx.AsyncClient, method: str) -> None:
    response = await anonymous.options(
        "/api/somebody/tasks/1",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ", ".join(ALLOWED),
        },
    )
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in names(response.headers["Access-Control-Allow-Methods"])
    assert names(response.headers["Access-Control-Allow-Headers"]) >= ALLOWED


@pytest.mark.req("TASK-FR-061")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://app.example.com"])
async def test_another_origin_gets_no_cors_headers(user: User, origin: str) -> None:
    responses = [
        await user.get(headers={"Origin": origin}),
        await user.get(headers={"Origin": origin, "Authorization": ""}),
        await user.request("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}),
    ]
    assert [response.status_code for response in responses] == [200, 401, 400]
    assert not any("Access-Control-Allow-Origin" in response.headers for response in responses)


def preflight(origin: str, headers: str, method: str = "GET") -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


def encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


@pytest.mark.req("HTTP-FR-040")
@pytest.mark.parametrize(
    "headers",
    [
        "traceparent,tracestate",
        "baggage, sentry-trace",
        "x-datadog-trace-id,x-datadog-parent-id,x-datadog-origin,x-datadog-sampling-priority",
        "authorization,content-type,b3,newrelic,x-b3-traceid,x-requested-with,x-cloud-trace-context",
        "time-zone,x-client-version,!#$%&'*+-.^_`|~09",
    ],
)
async def test_pages_of_an_allowed_origin_may_send_any_header(anonymous: httpx.AsyncClient, headers: str) -> None:
    response = await anonymous.options("/api/somebody/tasks", headers=preflight(ORIGIN, headers))
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert names(response.headers["Access-Control-Allow-Headers"]) >= names(headers) | ALLOWED


@pytest.mark.req("HTTP-FR-040")
@pytest.mark.parametrize("name", ["a b", "a:b", "a;b", "a/b", "\xe9", "a\tb", "<script>", '"x"', "a=b"])
async def test_what_is_no_name_of_a_header_is_not_repeated(anonymous: httpx.AsyncClient, name: str) -> None:
    headers = encoded(preflight(ORIGIN, f"baggage,{name},,traceparent"))
    response = await anonymous.options("/api/somebody/tasks", headers=headers)
    assert response.status_code == 200
    allowed = names(response.headers["Access-Control-Allow-Headers"])
    assert {"baggage", "traceparent"} <= allowed
    assert name not in allowed


@pytest.fixture
async def apps(start_app: StartApp) -> FastAPI:
    return await start_app(allowed_origins=f"capacitor://localhost,https://app-git-*.vercel.app,{ORIGIN}")


@pytest.mark.req("HTTP-FR-041")
@pytest.mark.parametrize("origin", ["capacitor://localhost", "https://app-git-main.vercel.app", ORIGIN])
async def test_apps_and_previews_can_be_allowed(apps: FastAPI, origin: str) -> None:
    response = await User(apps).get(headers={"Origin": origin})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin)
    response = await client(apps).options("/", headers=preflight(origin, "baggage"))
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, origin)


@pytest.mark.req("HTTP-FR-041", "HTTP-FR-042", "TASK-FR-061")
@pytest.mark.parametrize(
    "origin",
    ["null", "ionic://localhost", "capacitor://evil", "https://app-git-a.b.vercel.app", "https://app-git-*.vercel.app"],
)
async def test_other_origins_get_a_problem_without_cors_headers(apps: FastAPI, origin: str) -> None:
    response = await client(apps).options("/api/somebody/tasks", headers=preflight(origin, "baggage"))
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["type"] == "urn:problem-type:preflight-refused"
    detail = response.json()["detail"]
    assert ("ALLOWED_ORIGINS" in detail) is (origin != "null")
    assert ("'null' is never allowed, because" in detail) is (origin == "null")
    assert response.headers["Vary"] == "Origin"
    assert not any(name.startswith("access-control-") for name in response.headers)


@pytest.mark.req("HTTP-FR-043")
@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (
            "http://localhost:5173",
            "the origin 'http://localhost:5173' cannot read the response: add it to ALLOWED_ORIGINS",
        ),
        ("http://[::1\t\\", r"the origin 'http://[::1\t\\' cannot"),
        ("null", "response: The origin 'null' is never allowed, because any page can have it: serve the page by HTTP"),
        (f"http://{'x' * 5000}", "x..."),
        ("http://\xfc\x1b[31m", r"'http://\xfc\x1b[31m'"),
    ],
)
async def test_in_development_the_log_names_a_refused_origin(
    start_app: StartApp, caplog: pytest.LogCaptureFixture, origin: str, line: str
) -> None:
    http = client(await start_app(environment="development"))
    with caplog.at_level(logging.INFO):
        await http.get("/health", headers=encoded({"Origin": origin}))
        await http.options("/health", headers=encoded(preflight(origin, "")))
    assert [record.message.count(line) for record in caplog.records if "origin" in record.message] == [1, 1]


@pytest.mark.req("HTTP-FR-043")
async def test_the_log_names_no_origin_that_is_allowed_or_the_apis_own(
    start_app: StartApp, anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    http = client(await start_app(environment="development"))
    with caplog.at_level(logging.INFO):
        for origin in (ORIGIN, "http://api.test"):
            await http.get("/health", headers={"Origin": origin})
        await anonymous.get("/health", headers={"Origin": "http://localhost:5173"})
    assert "origin" not in caplog.text
