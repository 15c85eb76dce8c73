"""A connection to the database as the service makes them, or what to mend where there is none."""

import socket
import ssl

import asyncpg

from src.db.url import DatabaseUrl

type Connection = asyncpg.Connection[asyncpg.Record]

SECONDS = 4
CONNECTION_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted: name its authority with sslrootcert in the URL"),
    (socket.gaierror, "nobody knows its host name: is it spelled right?"),
    (TimeoutError, f"no answer within {SECONDS} s: is the address right, and does every firewall let us through?"),
    (FileNotFoundError, "its socket does not exist: is it running?"),
    (ConnectionRefusedError, "nobody listens there: is it running, on this port?"),
    (asyncpg.InvalidCatalogNameError, "the server has no database of this name: create it, or mend the name"),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "the server refuses this user or password: copy both anew, special characters percent-encoded",
    ),
    (asyncpg.TooManyConnectionsError, "the server has no room for another connection: lower DATABASE_POOL_SIZE"),
    (ConnectionError, "the connection was closed: does the server let us in, and speak TLS as sslmode demands?"),
    (OSError, "the network does not lead there: is the host right?"),
)


async def connect(url: DatabaseUrl) -> Connection:
    """A connection that prepares nothing by itself and waits `SECONDS` for everything.

    Raises:
        Exception: There is none; `unreachable` says what to mend.
    """
    return await asyncpg.connect(
        **url.connect_arguments, timeout=SECONDS, command_timeout=SECONDS, statement_cache_size=0
    )


def unreachable(name: str, error: Exception) -> str:
    """Not the exception's own words, which may have some of the URL."""
    remedy = next(
        (remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), f"it fails with {type(error).__name__}"
    )
    return f"{name} does not work: {remedy}"
