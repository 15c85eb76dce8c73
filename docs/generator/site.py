"""Build the site of the pages with Zensical."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from docs.generator.root import ROOT

_SOURCES: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "docs/**/*.md",
    "docs/images/*",
    "docs/site.css",
    "specs/**/*.md",
    "specs/*/contracts/*.json",
)
_PAGES: Final = ROOT / "site" / "pages"
_LINK: Final = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")


def build() -> int:
    """Copy the documents, so that links between them stay as they are, build the site, and return the exit status."""
    shutil.rmtree(_PAGES, ignore_errors=True)
    files = {path.resolve() for pattern in _SOURCES for path in ROOT.glob(pattern)}
    for file in files:
        copy = _PAGES / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(linked(file, files) if file.suffix == ".md" else file.read_bytes())
    program = Path(sys.executable).parent / "zensical"
    return subprocess.run([program, "build", "--clean", "--strict"], cwd=ROOT, check=False).returncode  # noqa: S603 - the program of the lock file


def linked(page: Path, files: set[Path]) -> bytes:
    """Return the page; a link to a file of the repository that is not on the site is only its text."""

    def link(match: re.Match[str]) -> str:
        text, target, heading = match[1], match[2], match[3] or ""
        path = (page.parent / target).resolve()
        if path in files:
            return match[0]
        if path / "README.md" in files:
            return f"[{text}]({target.rstrip('/')}/README.md{heading})"
        return text

    return _LINK.sub(link, page.read_text()).encode()
