"""Write the reference pages, and report which are outdated."""

from collections.abc import Callable, Iterable
from typing import Final

from docs.generator import api, commands, limits, problems, settings
from docs.generator.root import ROOT

FOLDER: Final = ROOT / "docs" / "reference"

PAGES: Final[dict[str, Callable[[], str]]] = {
    "api.md": api.page,
    "settings.md": settings.page,
    "limits.md": limits.page,
    "problems.md": problems.page,
    "commands.md": commands.page,
}


def outdated() -> list[str]:
    """Return the names of the pages that differ from what is generated."""
    return [name for name, generate in PAGES.items() if _stored(name) != generate()]


def write(names: Iterable[str]) -> None:
    """Write these pages."""
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        (FOLDER / name).write_text(PAGES[name]())


def _stored(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text() if path.exists() else None
