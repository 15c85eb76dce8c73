"""Name the versions of what is measured, and how the interpreter was built."""

import platform
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version

from benchmarks import npm

_PACKAGES = ("fastapi", "uvicorn", "uvloop", "asyncpg", "sqlalchemy")


def versions(postgres: str, *, node: bool = False) -> str:
    """Return the versions of Python, PostgreSQL and the packages, and those of Node if it is measured, too."""
    return ", ".join([*_python(), f"PostgreSQL {postgres}", *(npm.versions() if node else [])])


def _python() -> Iterator[str]:
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    yield f"Python {platform.python_version()} (configured {'with' if optimized else 'without'} --enable-optimizations)"
    for package in _PACKAGES:
        yield f"{package} {version(package)}"
