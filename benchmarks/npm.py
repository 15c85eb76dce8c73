"""Node.js and the packages of Fastify."""

import json
import shutil
import subprocess
from pathlib import Path

HOME = Path(__file__).parent / "fastify"
_PACKAGES = ("fastify", "@fastify/jwt", "fast-jwt", "pg")


def node() -> str:
    """Return the path of Node.js, because Fastify is started without a PATH."""
    return shutil.which("node") or "node"


def versions() -> list[str]:
    """Return the versions of Node and of the packages that are installed."""
    found = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return [f"Node {found.stdout.strip()}", *map(_version, _PACKAGES)]


def _version(package: str) -> str:
    manifest = json.loads((HOME / "node_modules" / package / "package.json").read_text())
    return f"{package} {manifest['version']}"
