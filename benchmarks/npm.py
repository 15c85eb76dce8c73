"""Install what Fastify needs, exactly as package-lock.json names it."""

import json
import shutil
import subprocess
from pathlib import Path

HOME = Path(__file__).parent / "fastify"
_INSTALL_SECONDS = 300
_PACKAGES = ("fastify", "@fastify/jwt", "fast-jwt", "pg")


class NpmError(RuntimeError):
    """The packages cannot be installed; the message is one sentence that says why."""


def program(name: str) -> str:
    """Return the path of `node` or `npm`.

    Raises:
        NpmError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise NpmError(f"Fastify needs {name}, which is not installed.")
    return path


def install() -> None:
    """Run `npm ci` if node_modules is missing or is older than the lock file.

    Raises:
        NpmError: npm is not installed, or fails.
    """
    installed = HOME / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (HOME / "package-lock.json").stat().st_mtime:
        return
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=HOME, capture_output=True, timeout=_INSTALL_SECONDS, check=True)  # noqa: S603 - our own command
    except subprocess.SubprocessError as error:
        raise NpmError(f"'npm ci' failed in {HOME}: {error}.") from error


def versions() -> list[str]:
    """Return the versions of Node and of the packages that are installed."""
    node = subprocess.run([program("node"), "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    return [f"Node {node.stdout.strip()}", *map(_version, _PACKAGES)]


def _version(package: str) -> str:
    manifest = json.loads((HOME / "node_modules" / package / "package.json").read_text())
    return f"{package} {manifest['version']}"
