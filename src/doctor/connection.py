"""Connect to the database like the service, and explain connection errors."""

import socket
import ssl

import asyncpg

from src.db.url import DatabaseUrl

type Connection = asyncpg.Connection[asyncpg.Record]

SECONDS = 4
CONNECTION_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted: name its authority with sslrootcert in the URL"),
    (socket.gaierror, "its host name cannot be resolved: is it spelled right?"),
    (
        TimeoutError,
        f"no response within {SECONDS} s: is the address right, and does every firewall allow the connection?",
    ),
    (FileNotFoundError, "its Unix socket does not exist: is the server running?"),
    (ConnectionRefusedError, "connection refused: is the server running, on this port?"),
    (asyncpg.InvalidCatalogNameError, "the server has no database of this name: create it, or correct the name"),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "the server refuses this user or password: copy both again, with special characters percent-encoded",
    ),
    (asyncpg.TooManyConnectionsError, "the server has reached its connection limit: lower DATABASE_POOL_SIZE"),
    (ConnectionError, "the server closed the connection: does it allow this client, and TLS as sslmode demands?"),
    (OSError, "the network cannot reach it: is the host right?"),
)


async def connect(url: DatabaseUrl) -> Connection:
    """Connect without prepared statements, with a timeout of `SECONDS` for everything.

    Raises:
        Exception: The connection failed; `unreachable` explains the error.
    """
    return await asyncpg.connect(
        **url.connect_arguments, timeout=SECONDS, command_timeout=SECONDS, statement_cache_size=0
    )


def unreachable(name: str, error: Exception) -> str:
    """Explain a connection error without the exception's message, which may contain parts of the URL."""
    remedy = next(
        (remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), f"it fails with {type(error).__name__}"
    )
    return f"{name} does not work: {remedy}"
