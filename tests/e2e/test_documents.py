"""The TypeScript of the documents compiles, and the page of the tutorial works."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from src.development.npm import npm_ci
from tests.e2e.api_server import ApiServer
from tests.e2e.better_auth.process import packages
from tests.e2e.better_auth_server import needs_node
from tests.e2e.conftest import StartApi
from tests.support.commands import ROOT
from tests.support.documents import Block, blocks, name_of
from tests.support.tokens import SECRET, mint

pytestmark = needs_node

_FIRST_PAGE = "docs/guides/better-auth.md"
"""The page whose files the others import."""

_CLIENT = ROOT / "clients/typescript"

_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "jsx": "react-jsx",
    "types": ["node", "react"],
    "paths": {
        "@/*": ["./*"],
        "@task-api/client": [f"{_CLIENT}/src/index.ts"],
        "@task-api/client/*": [f"{_CLIENT}/src/*"],
        "@tanstack/*": [f"{_CLIENT}/node_modules/@tanstack/*"],
    },
}
_NEXT = 'declare module "next/headers" { export function headers(): Promise<Headers>; }\n'
"""What the documents use of Next.js, which is too large to be installed for its types."""

_TRY = """
import { createClient } from "./tasks.js";
import { follow } from "./changes.js";

const token = process.argv[2];
const url = process.argv[3];
const client = createClient(token);
const seen = [];
let refused = "";
client.follow(() => seen.push("follow"));
follow(url, async () => token, "0", (task) => seen.push(task.title), AbortSignal.timeout(20_000)).catch(() => {});
const task = await client.add("Buy oat milk");
const completed = await client.complete(task);
await client.complete(task).catch((error) => (refused = error.message));
const titles = (await client.list()).tasks.map((task) => task.title);
await client.remove(task);
while (!(seen.includes("follow") && seen.includes("Buy oat milk"))) await new Promise((done) => setTimeout(done, 20));
console.log(JSON.stringify({ completed: completed.completed, refused, titles, left: (await client.list()).count }));
process.exit(0);
"""


def test_every_block_names_its_file() -> None:
    assert all(block.file for block in blocks("ts", "tsx", "js", "html"))


@pytest.mark.slow
@pytest.mark.req("RUN-FR-102")
def test_the_typescript_of_the_documents_compiles(tmp_path: Path) -> None:
    for page in {block.page for block in blocks("ts", "tsx")}:
        of_page = [block for block in blocks("ts", "tsx") if block.page == page]
        for block in [*_session(), *of_page]:
            file = tmp_path / page.stem / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code.replace('"@/', f'"@/{page.stem}/'))
    (tmp_path / "next.d.ts").write_text(_NEXT)
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": _OPTIONS}))
    (tmp_path / "node_modules").symlink_to(packages())
    npm_ci(_CLIENT)
    compiled = subprocess.run(["node_modules/.bin/tsc"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stdout


@pytest.mark.req("CLIENT-SC-001")
def test_a_page_with_live_changes_and_offline_edits_has_less_than_60_lines() -> None:
    [page] = [block for block in blocks("tsx") if "taskCollectionOptions" in block.code]
    assert len(page.code.splitlines()) < 60
    for use in ("useLiveQuery(", "tasks.insert(", "tasks.update(", "tasks.delete(", "onRejected:"):
        assert use in page.code


def _session() -> list[Block]:
    """Return the files that those of other pages import."""
    return [block for block in blocks("ts") if block.file.startswith("lib/auth") and name_of(block.page) == _FIRST_PAGE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The address at which the folder of the tutorial is served, as by `python -m http.server`."""
    with _serving(folder) as url:
        yield url


@pytest.fixture(scope="module")
def api(start_api: StartApi, address: str, folder: Path) -> ApiServer:
    """The API, for which the files of the documents are in the folder."""
    server = start_api(better_auth_secret=SECRET, allowed_origins=address)
    for block in blocks("js", "html"):
        (folder / Path(block.file).name).write_text(block.code.replace("http://127.0.0.1:8000", server.url))
    return server


@pytest.mark.req("RUN-FR-102")
def test_the_javascript_of_the_documents_works(api: ApiServer, folder: Path) -> None:
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "try.js").write_text(_TRY)
    command = ["node", "try.js", mint("reader"), f"{api.url}/api/reader/tasks"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended
    assert json.loads(ended.stdout) == {
        "completed": True,
        "refused": "The task has changed; see 'current' for its current state.",
        "titles": ["Buy oat milk"],
        "left": 0,
    }


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.req("RUN-FR-102")
def test_the_page_of_the_tutorial_shows_the_tasks(api: ApiServer, address: str, tmp_path: Path) -> None:
    token = mint("browser")
    api.request("POST", "/api/tasks", token, json={"title": "Bake bread"}).raise_for_status()
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=3000",
    ]
    command = ["chromium", *options, "--dump-dom", f"{address}/#{token}"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "<li>" in shown, shown
    assert "<span>Bake bread</span>" in shown


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
