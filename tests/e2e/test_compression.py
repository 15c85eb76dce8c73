"""Live updates through a proxy that compresses, such as express with `compression` or the rewrites of Next.js."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.better_auth.process import node
from tests.e2e.better_auth_server import needs_node
from tests.e2e.conftest import StartApi
from tests.support.tokens import SECRET, mint

pytestmark = needs_node

_SECONDS = 5


@pytest.fixture(scope="module")
def http(start_api: StartApi) -> Iterator[httpx.Client]:
    """Return a client of the API behind the proxy, which accepts compressed responses."""
    api = start_api(better_auth_secret=SECRET)
    headers = {"Authorization": f"Bearer {mint('compressed')}", "Accept-Encoding": "gzip"}
    with (
        node("compressing_proxy.mjs", {"target": api.url}) as url,
        httpx.Client(
            base_url=f"{url}/api/compressed/tasks", headers=headers, timeout=_SECONDS, trust_env=False
        ) as http,
    ):
        yield http


@pytest.mark.req("HTTP-FR-048")
def test_events_arrive_at_once_although_the_proxy_compresses(http: httpx.Client) -> None:
    with http.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "id: 0"  # not before the timeout, if the proxy collects events
        task = http.post("", json={"title": "Buy milk"}).raise_for_status().json()
        [data] = [next(line for line in lines if line.startswith("data: "))]
    assert json.loads(data.removeprefix("data: "))["id"] == task["id"]
    assert http.get("").headers["Content-Encoding"] == "gzip"
