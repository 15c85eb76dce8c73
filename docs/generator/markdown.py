"""Write Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, or nothing if there are no rows."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(header), "|---" * len(header) + "|", *lines, ""]) if lines else ""


def page(title: str, introduction: str, *sections: str) -> str:
    """Join the parts of a page, without those that are empty."""
    return "\n".join(part.strip() + "\n" for part in (f"# {title}", introduction, *sections) if part.strip())


def one_line(text: str) -> str:
    """Write a text in one line, in which no character begins an emphasis or HTML."""
    return " ".join(text.split()).replace("*", r"\*").replace("<", "&lt;")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', r'\|') for cell in cells)} |"
