"""A connection to the database as the service makes them, or what to mend where there is none."""

import socket
import ssl

import asyncpg

from src.db.url import DatabaseUrl

type Connection = asyncpg.Connection[asyncpg.Record]

SECONDS = 5
TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted: name its authority with sslrootcert in the URL"),
    (socket.gaierror, "nobody knows its host name"),
    (TimeoutError, f"no answer within {SECONDS} s: is a firewall in between?"),
    (FileNotFoundError, "its socket does not exist: is it running?"),
    (ConnectionRefusedError, "nobody listens there: is it running, on this port?"),
    (asyncpg.InvalidCatalogNameError, "the server has no database of this name: create it"),
    (asyncpg.InvalidAuthorizationSpecificationError, "the server refuses this user or password"),
    (ConnectionError, "the connection was closed: does the server speak TLS, as sslmode demands?"),
    (OSError, "the network does not lead there"),
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
    remedy = next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), type(error).__name__)
    return f"{name} leads nowhere: {remedy}"
