"""The pages for people: `/`, and the documentation, which needs nothing from other servers."""

import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import ORIGIN, StartApp, client

_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
_ASSETS = {"/docs/swagger-ui-bundle.js": "text/javascript", "/docs/swagger-ui.css": "text/css"}


@pytest.mark.req("HTTP-FR-070")
async def test_the_root_says_what_this_is_and_where_the_documentation_is(anonymous: httpx.AsyncClient) -> None:
    index = await anonymous.get("/", headers={"Accept": "application/json"})
    page = await anonymous.get("/", headers=_BROWSER)
    assert (index.status_code, page.status_code) == (200, 200)
    assert index.json()["title"] in page.text
    assert index.json()["description"] in page.text
    for name in ("documentation", "openapi"):
        assert f'href="{index.json()[name]}"' in page.text
        assert (await anonymous.get(index.json()[name])).status_code == 200
    assert index.headers["Content-Type"] == "application/json"
    assert page.headers["Content-Type"].startswith("text/html")
    assert {"Accept"} <= set(index.headers["Vary"].split(", ")) & set(page.headers["Vary"].split(", "))


@pytest.mark.req("HTTP-FR-070")
async def test_the_root_does_not_say_which_version_it_is(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    for headers in (_BROWSER, {}):
        response = await anonymous.get("/", headers=headers)
        assert app.version not in response.text
        assert "fastapi" not in f"{response.text} {response.headers}".lower()


@pytest.mark.req("HTTP-FR-070")
async def test_the_root_is_a_resource_like_any_other(start_app: StartApp) -> None:
    http = client(await start_app(allowed_hosts="api.test"))
    assert (await http.head("/")).status_code == 200
    refused = await http.post("/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert (await http.get("/", headers={"Host": "other.test"})).status_code == 400
    allowed = await http.get("/", headers={"Origin": ORIGIN})
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.req("HTTP-FR-070")
async def test_links_have_the_root_path_of_the_proxy(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, root_path="/a&b")
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        index = (await http.get("/")).json()
        page = (await http.get("/", headers=_BROWSER)).text
        assert index["documentation"] == "/a&b/docs"
        assert 'href="/a&amp;b/docs"' in page
        assert _urls((await http.get("/docs")).text) == {*(f"/a&b{path}" for path in _ASSETS), "data:,"}


def _urls(page: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="([^"]*)"', page))


@pytest.mark.req("HTTP-FR-071")
async def test_the_documentation_loads_its_own_assets_only(anonymous: httpx.AsyncClient) -> None:
    page = await anonymous.get("/docs", headers=_BROWSER)
    assert _urls(page.text) == {*_ASSETS, "data:,"}
    assert not re.search(r"https?://", page.text)
    for path, kind in _ASSETS.items():
        asset = await anonymous.get(path)
        assert (asset.status_code, asset.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert asset.headers["Cache-Control"] == "public, max-age=86400"
        assert (await anonymous.head(path)).headers["Content-Length"] == str(len(asset.content))


@pytest.mark.req("HTTP-FR-072")
@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_may_load_only_what_it_needs(anonymous: httpx.AsyncClient, path: str) -> None:
    page = await anonymous.get(path, headers=_BROWSER)
    policies = page.headers.get_list("Content-Security-Policy")
    [policy] = [each for each in policies if each.startswith("default-src 'none'")]
    assert "frame-ancestors 'none'" in policies
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts}
    assert hashes == set(re.findall(r"'sha256-[^']*'", policy))
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert len(hashes) == (path == "/docs")


@pytest.mark.req("HTTP-FR-073")
async def test_there_is_one_viewer(anonymous: httpx.AsyncClient) -> None:
    for path in ("/redoc", "/docs/oauth2-redirect", "/docs/other.js"):
        assert (await anonymous.get(path)).status_code == 401
