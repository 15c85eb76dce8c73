"""Below a path: a proxy serves the API at /tasks-api, and removes that from the path of each request or does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import User
from tests.support.commands import invoke
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

ROOT = "/tasks-api"
PUBLIC = ["/health", "/ready", "/health/", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/"]
TITLE = {"title": "Buy milk"}


@asynccontextmanager
async def below(app: FastAPI, root: str, user: User) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the app as it is served with `--root-path`: the server puts the root path before the path."""
    transport = httpx.ASGITransport(app, root_path=root)
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://api.test{root}", headers=user.http.headers
    ) as http:
        yield http


@pytest.mark.req("HTTP-FR-045")
@pytest.mark.parametrize("root", [ROOT, "/api", "/api/v1", "/a/b", "/health", f"{ROOT}/"])
async def test_location_link_and_documents_have_the_root_path(app: FastAPI, user: User, root: str) -> None:
    prefix = root.rstrip("/")
    async with below(app, root, user) as http:
        for removed in (True, False):  # by the proxy
            base = "" if removed else prefix
            created = await http.post(f"{base}{user.path}", json=TITLE)
            location = created.headers["Location"]
            assert (created.status_code, location) == (201, f"{prefix}{user.path}/{created.json()['id']}")
            assert (await http.get(location.removeprefix(prefix))).json() == created.json()
        listed = await http.get(f"{user.path}/", params={"limit": 1})
        assert listed.headers["Link"].startswith(f"<{prefix}{user.path}?limit=1&cursor=")
        document = (await http.get("/openapi.json")).json()
        assert [server["url"] for server in document["servers"]] == [prefix]
        for path in ("/docs", "/"):
            assert f"{prefix}/openapi.json" in (await http.get(path)).text


@pytest.mark.req("HTTP-FR-046")
@pytest.mark.parametrize("path", PUBLIC)
async def test_public_paths_exist_with_and_without_the_root_path(app: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(app, root_path=ROOT)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        statuses = [(await http.get(f"{base}{path}")).status_code for base in ("", ROOT, ROOT * 2)]
    assert statuses == [200] * 3


@pytest.mark.req("HTTP-FR-045")
async def test_errors_are_as_without_a_root_path(app: FastAPI, user: User, stranger: User) -> None:
    async with below(app, ROOT, user) as http:
        assert (await http.get(stranger.path)).status_code == 403
        assert (await http.get("/nothing")).status_code == 404
        assert (await http.get(f"{user.path}/1")).status_code == 404
        refused = await http.patch(user.path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert (await http.get(user.path, headers={"Authorization": ""})).status_code == 401
        assert (await http.head(user.path)).status_code == 200


@pytest.mark.req("HTTP-FR-045")
async def test_a_retry_on_another_path_of_the_same_route_is_replayed(app: FastAPI, user: User) -> None:
    key = {"Idempotency-Key": "one"}
    async with below(app, ROOT, user) as http:
        first = await http.post(user.path, json=TITLE, headers=key)
    again = await user.post(json=TITLE, headers=key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")


def start(folder: Path, database_url: str, *options: str, **settings: str) -> Server:
    return Server(
        folder, "-m", "src", "serve", *options, DATABASE_URL=database_url, BETTER_AUTH_SECRET=SECRET, **settings
    )


def locations(server: Server, *prefixes: str) -> list[str]:
    """Create a task with each value of `X-Forwarded-Prefix`, and return its location up to the API's own path."""
    headers = {"Authorization": f"Bearer {mint('somebody')}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http:
        created = [
            http.post("/api/somebody/tasks", json=TITLE, headers=[("X-Forwarded-Prefix", value)] if value else [])
            for value in prefixes
        ]
    return [each.raise_for_status().headers["Location"].partition("/api/somebody/")[0] for each in created]


@pytest.mark.req("HTTP-FR-045", "HTTP-FR-047")
def test_a_trusted_proxy_reports_a_root_path_that_replaces_the_configured_one(
    tmp_path: Path, database_url: str
) -> None:
    with start(tmp_path, database_url, "--root-path", f"{ROOT}/") as server:
        valid = {"": ROOT, "/other": "/other", "/other/": "/other", "/a, /b/": "/a/b", "/a.b~c_d-1": "/a.b~c_d-1"}
        assert locations(server, *valid) == list(valid.values())
        invalid = ["//evil.example", "https://evil.example", "/a b", "/<script>", "/a/../b", "/.", "/a%2F", "/" * 9]
        assert locations(server, *invalid, '"', "/" + "a" * 200, "/a//b", "a") == [ROOT] * (len(invalid) + 4)


@pytest.mark.req("HTTP-FR-047")
def test_other_clients_cannot_set_the_root_path(tmp_path: Path, database_url: str) -> None:
    with start(tmp_path, database_url, "--root-path", ROOT, FORWARDED_ALLOW_IPS="10.0.0.1") as server:
        assert locations(server, "", "/evil") == [ROOT, ROOT]
        with httpx.Client(base_url=server.url, trust_env=False) as http:
            assert [http.get(f"{base}/health").status_code for base in ("", ROOT)] == [200, 200]


@pytest.mark.req("HTTP-FR-045")
@pytest.mark.parametrize("path", ["tasks-api", "//evil.example", "/ünï", "/a b", "https://api.example.com"])
def test_a_root_path_that_is_no_path_is_refused(tmp_path: Path, path: str) -> None:
    ended = invoke(tmp_path, "serve", "--root-path", path)
    assert ended.returncode != 0
    assert "must be a path such as /tasks-api" in ended.stderr
