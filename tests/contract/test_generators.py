"""Generators of TypeScript clients read the published contract without warnings, and their code compiles."""

from pathlib import Path
from subprocess import PIPE, STDOUT, run

import pytest

from src.development.npm import npm_ci
from tests.contract.test_openapi import SNAPSHOT
from tests.e2e.better_auth_server import needs_node

pytestmark = [needs_node, pytest.mark.slow]

_PACKAGES = Path(__file__).parent / "generators"
_SECONDS = 180
_GENERATORS = {
    "openapi-typescript": ["openapi-typescript", str(SNAPSHOT), "--output", "{folder}/index.ts"],
    "hey-api": ["openapi-ts", "--input", str(SNAPSHOT), "--output", "{folder}"],
    "orval": ["orval", "--client", "fetch", "--input", str(SNAPSHOT), "--output", "{folder}/index.ts"],
}
_STRICT = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
_USES = {
    "openapi-typescript": 'import type { components } from "./index";\ntype New = components["schemas"]["TaskCreate"];',
    "hey-api": 'import type { TaskCreate } from "./index";\ntype New = TaskCreate;',
    "orval": 'import type { TaskCreate } from "./index";\ntype New = TaskCreate;',
}


@pytest.mark.req("HTTP-FR-087")
@pytest.mark.parametrize("name", _GENERATORS)
def test_the_code_of_a_generator_compiles(name: str, tmp_path: Path) -> None:
    npm_ci(_PACKAGES)
    output = _run(*(each.format(folder=tmp_path) for each in _GENERATORS[name]))
    assert "warn" not in output.lower(), output
    use = tmp_path / "use.ts"
    use.write_text(f'{_USES[name]}\nexport const task: New = {{ title: "Buy milk", priority: "high" }};\n')
    _run("tsc", *_STRICT, str(tmp_path / "index.ts"), str(use))


def _run(program: str, *arguments: str) -> str:
    command = [str(_PACKAGES / "node_modules/.bin" / program), *arguments]
    ended = run(command, stdout=PIPE, stderr=STDOUT, text=True, check=False, timeout=_SECONDS)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
