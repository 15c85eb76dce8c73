"""The TypeScript client: its types are current, it compiles, and its own tests pass against a real server."""

import json
import sys
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from src.development.npm import npm_ci
from tests.conftest import NewDatabase
from tests.e2e.better_auth.process import packages
from tests.e2e.better_auth_server import BetterAuthServer, needs_node
from tests.e2e.conftest import StartApi
from tests.support.commands import ROOT
from tests.support.tokens import SECRET

pytestmark = [needs_node, pytest.mark.slow]

_HOME = ROOT / "clients/typescript"
_SECONDS = 300

_USE = """
import { createTaskClient, type Options } from "@task-api/client";
import { fromJwtPlugin, fromSessionCookie } from "@task-api/client/better-auth";
import { betterAuth } from "better-auth";
import { jwtClient } from "better-auth/client/plugins";
import { jwt } from "better-auth/plugins";
import { createAuthClient } from "better-auth/react";

const auth = betterAuth({ plugins: [jwt()] });
const authClient = createAuthClient({ plugins: [jwtClient()] });
const baseUrl = "https://api.example.com";
const signal: Options["signal"] = undefined;

createTaskClient({ baseUrl, getToken: authClient.token });
createTaskClient({ baseUrl, getToken: fromJwtPlugin(authClient), userId: undefined });
createTaskClient({ baseUrl, getToken: fromSessionCookie(authClient), userId: "user-1" });
createTaskClient({ baseUrl, getToken: () => auth.api.getToken({ headers: new Headers() }) }).stats({ signal });
"""
_OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noEmit": True,
    "skipLibCheck": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "types": ["node", "react"],
    "paths": {"@task-api/client": [f"{_HOME}/src/index.ts"], "@task-api/client/*": [f"{_HOME}/src/*.ts"]},
}


def _npm(*arguments: str, seconds: int = _SECONDS, **environment: str) -> CompletedProcess[str]:
    npm_ci(_HOME)
    ended = run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), "npm", "run", "--silent", *arguments],
        cwd=_HOME,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert ended.returncode == 0, f"{ended.stdout[-10_000:]}{ended.stderr[-10_000:]}"
    return ended


@pytest.mark.req("CLIENT-FR-001")
def test_the_types_are_generated_from_the_published_contract() -> None:
    _npm("types", "--", "--check")


@pytest.mark.req("CLIENT-FR-001")
def test_the_client_and_its_tests_compile() -> None:
    _npm("check")


@pytest.mark.req("CLIENT-FR-018")
def test_the_types_of_better_auth_fit(tmp_path: Path) -> None:
    npm_ci(_HOME)
    (tmp_path / "use.ts").write_text(_USE)
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": _OPTIONS}))
    (tmp_path / "node_modules").symlink_to(packages())
    compiled = run(["node_modules/.bin/tsc"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stdout


def test_the_tests_of_the_client_pass(start_api: StartApi) -> None:
    with BetterAuthServer(secret=SECRET, plugin_algorithm="EdDSA", cookie_cache="jwt") as front_end:
        api = start_api(
            better_auth_url=front_end.url,
            better_auth_secret=SECRET,
            better_auth_cookie_cache="true",
            allowed_origins=front_end.url,
        )
        _npm("test", API_URL=api.url, BETTER_AUTH_SECRET=SECRET, FRONT_END_URL=front_end.url)


@pytest.fixture(scope="module")
async def purged_database(new_database: NewDatabase) -> str:
    """Return the URL of a database of its own, because purging is for all users."""
    return await new_database()


@pytest.mark.req("CLIENT-FR-086")
def test_the_collections_of_several_devices_converge(
    start_api: StartApi, purged_database: str, request: pytest.FixtureRequest
) -> None:
    api = start_api(better_auth_secret=SECRET, database_url=purged_database, rate_limit="off")
    seeds: int = request.config.getoption("--seeds")
    _npm(
        "test:convergence",
        seconds=seeds * _SECONDS,
        API_URL=api.url,
        BETTER_AUTH_SECRET=SECRET,
        DATABASE_URL=purged_database,
        PURGE=f"{sys.executable} -m src purge",
        SEEDS=str(seeds),
    )
