"""The command line of the benchmarks: `python -m benchmarks --help`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.chart import chart
from benchmarks.compare import compare
from benchmarks.peers import PeerName
from benchmarks.report import markdown
from benchmarks.scale import Amount, measure_scale
from benchmarks.scale_report import scale_markdown
from benchmarks.soak import soak
from benchmarks.variants import Variant

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Measure the speed of the API.")

_RESULTS = Path(".data/benchmarks")


@app.callback(invoke_without_command=True)
def main(  # noqa: PLR0913, PLR0917 - these are the options of the command line
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=1, help="How often each peer is measured; the median counts.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long one measurement takes.")] = 2,
    connections: Annotated[int, typer.Option(min=1, max=256, help="How many connections send requests.")] = 16,
    peers: Annotated[list[PeerName] | None, typer.Option(help="Measure only these; repeat the option.")] = None,
    tasks: Annotated[int, typer.Option(min=50, help="How many tasks each of the 200 users has.")] = 500,
    starts: Annotated[int, typer.Option(min=0, help="How often each peer is started anew for each route.")] = 1,
    output: Annotated[Path, typer.Option(help="The folder for results.md and results.svg.")] = _RESULTS,
) -> None:
    """Compare the API with the same routes in FastAPI's usual style, in Fastify and in bare ASGI, and write a chart."""
    if context.invoked_subcommand is not None:
        return
    with _one_sentence():
        results = compare(peers or list(PeerName), rounds, seconds, connections, tasks, starts)
    text = markdown(results)
    typer.echo(text)
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.md").write_text(text + "\n")
    (output / "results.svg").write_text(chart(results))
    typer.echo(f"Written to {output}: results.md, results.svg.")


@app.command()
def scale(  # noqa: PLR0913, PLR0917 - these are the options of the command line
    rows: Annotated[
        list[int] | None, typer.Option(min=1000, help="How many tasks; repeat it for several sizes.")
    ] = None,
    workers: Annotated[
        list[int] | None, typer.Option(min=1, help="How many processes serve under load; repeat it for several.")
    ] = None,
    pgbouncer: Annotated[bool, typer.Option(help="Also measure a pool of 10 through PgBouncer.")] = False,  # noqa: FBT002 - a flag
    repeat: Annotated[int, typer.Option(min=1, help="How often each request is measured.")] = 200,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long one measurement under load takes.")] = 2,
    connections: Annotated[int, typer.Option(min=1, max=256, help="How many connections send requests.")] = 16,
) -> None:
    """Measure requests of small and large users in tables of these sizes, plain and hash-partitioned by user_id.

    Without --rows there are 100 000 tasks. 10 000 000 take up to 12 GB of disk and half an hour.
    """
    variants = [Variant(count, pooled) for pooled in (False, True)[: 1 + pgbouncer] for count in workers or [1]]
    findings = []
    try:
        with _one_sentence():
            for found in measure_scale(rows or [100_000], variants, Amount(repeat, connections, seconds)):
                findings.append(found)
                typer.echo(f"Measured {found.layout}.", err=True)
    finally:
        if findings:
            typer.echo(scale_markdown(findings))


@app.command("soak")
def soak_test(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long it takes.")] = 300,
    connections: Annotated[int, typer.Option(min=1, max=256, help="How many connections send requests.")] = 16,
) -> None:
    """Load `serve` for minutes; print its latency, memory and pauses of the garbage collector, minute by minute."""
    with _one_sentence():
        for line in soak(seconds, connections):
            typer.echo(line)


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    app()
