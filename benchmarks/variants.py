"""Serve this project by several processes, directly or through PgBouncer."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from benchmarks.database import Database
from benchmarks.peers import Peer, PeerName, Start, serving
from tests.support.pgbouncer import KEEPS_PREPARED_STATEMENTS, pgbouncer, through

_POOL_SIZE = 10
"""The connections from PgBouncer to PostgreSQL, for all processes together; each process has as many to PgBouncer."""


class Variant(NamedTuple):
    """How this project is served."""

    workers: int = 1
    pooled: bool = False

    def __str__(self) -> str:
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        return f"{workers}, {_pooler()}" if self.pooled else workers


@contextmanager
def served(db: Database, variant: Variant) -> Iterator[Peer]:
    """Serve a database; PgBouncer gives each transaction the next free connection.

    Raises:
        RuntimeError: The server does not start.
    """
    with ExitStack() as stack:
        url, settings = db.url, {"DATABASE_POOL_SIZE": str(_POOL_SIZE)}
        if variant.pooled:
            folder = stack.enter_context(pgbouncer(url, prepared=KEEPS_PREPARED_STATEMENTS, pool_size=_POOL_SIZE))
            url = through(folder, url)
            settings |= {"DATABASE_PREPARED_STATEMENTS": str(KEEPS_PREPARED_STATEMENTS)}
        start = Start(workers=variant.workers, settings=settings)
        yield stack.enter_context(serving(PeerName.API, url, db.folder, start))


def _pooler() -> str:
    return f"PgBouncer {'with' if KEEPS_PREPARED_STATEMENTS else 'without'} prepared statements"
