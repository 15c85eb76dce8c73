"""What asyncpg raises, as what it means: for a client, for the connection, and for doing it again."""

import logging
from ssl import SSLError

import asyncpg

from src.errors import ServiceUnavailable

logger = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT = (
    "08",  # connection exception
    "25006",  # read-only: failing over, or out of space
    "28",  # invalid authorization: the operator changed a password
    "3D",  # the database does not exist, or not yet
    "40",  # transaction rollback: serialization failure, deadlock
    "53",  # insufficient resources: too many connections, disk full
    "57P",  # shutdown, crash, cannot connect now, database dropped
    "55000",  # the database accepts no connections
    "55P03",  # lock not available
    "57014",  # query cancelled: a statement timeout
    "58",  # system error
    "XX000",  # what poolers answer when they have no server to give
)
_CONNECTION_LOST = ("08", "25006", "57P")
_ROLLED_BACK = ("25006", "40001", "40P01", "55P03")
_NO_ROOM = ("53", "XX000")


def is_connection_lost(error: BaseException) -> bool:
    """Whether the connection is of no more use: it is closed, or leads to a server that only reads now."""
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(_CONNECTION_LOST)
    broken = isinstance(error, (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError))
    return broken and not isinstance(error, (TimeoutError, SSLError, ValueError))


def is_rolled_back(error: BaseException) -> bool:
    """Whether PostgreSQL took the statement back and says that it may well succeed the next time."""
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_ROLLED_BACK)


def may_connect_soon(error: BaseException) -> bool:
    """Whether connecting may succeed in a moment; a wrong password, say, stays wrong."""
    full = isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_NO_ROOM)
    return full or isinstance(error, TimeoutError) or is_connection_lost(error)


def reason(error: BaseException) -> str:
    """One line for the log; without PostgreSQL's `detail`, which may quote a row."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{_state(error)}: {error.args[0]}"
    return f"{type(error).__name__}: {str(error) or 'no answer in time'}"


class _Translated:
    """Raises `ServiceUnavailable` for trouble that may pass; anything else is a defect and goes through.

    A constraint that can be violated by a request is a business rule: give it a class in `src.errors` and map its name
    here. It is a class because every request enters it, and a generator would cost twice as much.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and _is_transient(error):
            logger.warning("the database cannot serve: %s", reason(error))
            raise ServiceUnavailable from error


translated = _Translated()


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(_TRANSIENT)
    if isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return not isinstance(error, ValueError)  # an argument of the wrong kind
    return isinstance(error, OSError)


def _state(error: asyncpg.PostgresError) -> str:
    return str(error.sqlstate)
