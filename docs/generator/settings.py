"""Generate the page of the settings from `.env.example`, which a test compares with the settings."""

import re
from itertools import dropwhile
from typing import Final

from docs.generator.markdown import one_line
from docs.generator.markdown import page as markdown_page
from docs.generator.root import ROOT

_INTRODUCTION: Final = """
Generated from [`.env.example`](../../.env.example), which is a template of the file `.env`. The environment has
precedence over that file, and an empty value counts as unset. An invalid value stops the start with one sentence.

`serve` also has [options](commands.md), and understands `FORWARDED_ALLOW_IPS` and `WEB_CONCURRENCY` of uvicorn.
"""
_ITEM: Final = re.compile(r"[a-z_-]+(, [a-z_-]+)*: ")
"""A line that explains one of several values."""
_CODE: Final = re.compile(r"(?<!\w)'([^']+)'|\w+://\S*[^\s,.)]|\b[A-Z]+(_[A-Z]+)+\b")
"""Words in quotes, URLs and the names of settings."""


def page() -> str:
    """Generate the page: a section for each setting."""
    _, *paragraphs = (ROOT / ".env.example").read_text().split("\n\n")
    return markdown_page("Settings", _INTRODUCTION, *map(_section, paragraphs))


def _section(paragraph: str) -> str:
    *comments, assignment = paragraph.strip().split("\n")
    lines = [comment.removeprefix("# ") for comment in comments]
    items = list(dropwhile(lambda line: not _ITEM.match(line), lines))
    lines = lines[: len(lines) - len(items)]
    meaning, _, default = " ".join(lines).partition("Default: ")
    meaning = _text(meaning).replace(" Required", "\n\nRequired")
    text = [f"## {assignment.partition('=')[0]}", "", meaning]
    text += ["", f"Default: {_text(default)}"] if default else []
    return "\n".join([*text, "", *(f"- {_item(item)}" for item in items)])


def _item(line: str) -> str:
    names, _, meaning = line.partition(": ")
    return f"{', '.join(f'`{name}`' for name in names.split(', '))}: {_text(meaning)}"


def _text(comment: str) -> str:
    return _CODE.sub(lambda match: f"`{match[1] or match[0]}`".replace("\\*", "*"), one_line(comment))
