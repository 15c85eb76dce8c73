"""The buffer in front of the access log's standard output."""

import asyncio
from select import PIPE_BUF

import pytest

from src.observability.line_writer import BufferedLineWriter


@pytest.mark.req("OBS-FR-010")
def test_lines_of_several_processes_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    """Writes to a pipe of up to PIPE_BUF bytes are atomic (pipe(7))."""
    texts = asyncio.run(_written([f"{number:03} {'.' * (number % 90)}\n" for number in range(1000)], capsys))
    assert all(len(text) <= PIPE_BUF and text.endswith("\n") for text in texts)
    assert [line[:3] for line in "".join(texts).splitlines()] == [f"{number:03}" for number in range(1000)]
    assert len(texts) < 20


async def _written(texts: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what each write to standard output contains."""
    lines, written = BufferedLineWriter(), []
    for text in texts:
        lines.write(text)
        written.append(capsys.readouterr().out)
    await asyncio.sleep(0.2)
    return [text for text in [*written, capsys.readouterr().out] if text]
