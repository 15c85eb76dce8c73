"""Generate the page of the limits from `specs/limits.md`, without the names of constants."""

import re
from typing import Final

from docs.generator.markdown import page as markdown_page
from docs.generator.markdown import table
from docs.generator.root import ROOT

_INTRODUCTION: Final = """
Generated from [`specs/limits.md`](../../specs/limits.md), which names the constant of each, and which tests
compare with the code. A limit is inclusive: 200 characters are accepted, 201 are not. A [setting](settings.md) or
an [option](commands.md) in parentheses changes it.
"""


def page() -> str:
    """Generate the page: one table of limits, and one of what follows from several of them."""
    text = (ROOT / "specs" / "limits.md").read_text()
    limits, _, bounds = text.partition("## Upper bounds")
    fractions = limits[limits.index("\nFractions: ") :]
    explanation = bounds.strip().partition("\n")[0]
    return markdown_page(
        "Limits",
        _INTRODUCTION,
        _table("Limit", limits),
        fractions,
        "## Upper bounds",
        explanation,
        _table("Bound", bounds),
    )


def _table(name: str, text: str) -> str:
    rows = [line.split(" | ") for line in re.findall(r"^\| (.*) \|$", text, re.MULTILINE)]
    return table((name, "Value", "Requirement"), ((row[0], row[1], _links(row[-1])) for row in rows if row[0] != name))


def _links(ids: str) -> str:
    return ", ".join(f"[{each}]({_specification(each)})" for each in ids.split(", "))


def _specification(requirement: str) -> str:
    [path] = [spec for spec in ROOT.glob("specs/*/spec.md") if f"**{requirement}**" in spec.read_text()]
    return f"../../{path.relative_to(ROOT)}"
