"""The pages that people read, and their code blocks."""

import re
from pathlib import Path
from typing import NamedTuple

from tests.support.commands import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "guides").glob("*.md"))]
"""The pages that are not generated."""

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A code block; its language decides how it is tested."""

    page: Path
    language: str
    code: str

    @property
    def file(self) -> str:
        """Return the name of the file that the first line names, or nothing."""
        named = re.match(r"(?://|#|<!--) ([\w./-]+\.\w+)", self.code)
        return named[1] if named else ""


def blocks(*languages: str) -> list[Block]:
    """Return the code blocks of all pages in these languages."""
    found = (Block(page, *match) for page in PAGES for match in _BLOCK.findall(page.read_text()))
    return [block for block in found if block.language in languages]


def name_of(page: Path) -> str:
    """Return the path of the page in the repository."""
    return str(page.relative_to(ROOT))
