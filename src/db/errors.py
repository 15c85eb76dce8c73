"""Classify asyncpg's errors: which become a 503, which mean a lost connection, and which allow a retry."""

import logging
import re
from ssl import SSLError

import asyncpg

from src.errors.client import RequestInProgress
from src.errors.invalid import InvalidTimeZone
from src.errors.server import ServiceUnavailable

logger = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT = (
    "08",  # connection exception
    "25006",  # read-only: failing over, or out of space
    "28",  # invalid authorization: the operator changed a password
    "3D",  # the database does not exist (yet)
    "40",  # transaction rollback: serialization failure, deadlock
    "53",  # insufficient resources: too many connections, disk full
    "57P",  # shutdown, crash, cannot connect now, database dropped
    "55000",  # the database accepts no connections
    "55P03",  # lock not available
    "57014",  # query cancelled: a statement timeout
    "58",  # system error
    "XX000",  # what poolers send when they have no server connection
)
_CONNECTION_LOST = ("08", "25006", "57P")
_ROLLED_BACK = ("23505", "25006", "40001", "40P01", "55P03")
_STATEMENT_LOST = ("26000", "42P05")
_OVERLOADED = ("53", "XX000")
_UID_INDEX = re.compile("_uid_(key|idx)$")
"""Ends the name of the index of uids, and of its parts where the table is partitioned."""


def is_connection_lost(error: BaseException) -> bool:
    """Whether the connection is unusable: it is closed, or its server has become read-only."""
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(_CONNECTION_LOST)
    broken = isinstance(error, (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError))
    return broken and not isinstance(error, (TimeoutError, SSLError, ValueError))


def is_rolled_back(error: BaseException) -> bool:
    """Whether PostgreSQL rolled the statement back (deadlock, serialization failure, lock timeout): a retry is safe.

    After a unique violation, a retry sees the row that another transaction has committed meanwhile.
    """
    rolled_back = isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_ROLLED_BACK)
    return rolled_back or _is_not_executed(error)


def is_statement_lost(error: BaseException) -> bool:
    """Whether a prepared statement is missing or exists already, as behind a pooler; nothing was executed."""
    return isinstance(error, asyncpg.PostgresError) and _state(error) in _STATEMENT_LOST


def is_retryable_on_connect(error: BaseException) -> bool:
    """Whether a retry of the connection attempt may succeed; with a wrong password, for example, it cannot."""
    is_full = isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_OVERLOADED)
    return is_full or isinstance(error, TimeoutError) or is_connection_lost(error)


def describe(error: BaseException) -> str:
    """Describe the error in one line for the log, without PostgreSQL's `detail`, because that may quote a row."""
    if isinstance(error, asyncpg.PostgresError):
        return f"{_state(error)}: {error.args[0]}"
    return f"{type(error).__name__}: {str(error) or 'timeout'}"


class _TranslateErrors:
    """Raise `ServiceUnavailable` for transient database errors; any other error is a defect and propagates.

    A constraint that a request can violate is a business rule: give it a class in `src.errors` and map its name here.
    This is a class because every request enters it, and a generator would cost twice as much.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and _is_transient(error):
            logger.warning("the database is unavailable: %s", describe(error))
            raise ServiceUnavailable from error
        if isinstance(error, asyncpg.UniqueViolationError) and _UID_INDEX.search(str(error.constraint_name)):
            raise RequestInProgress("Another request creates a task with this uid; try again in a moment.") from error
        if isinstance(error, asyncpg.InvalidParameterValueError):
            raise InvalidTimeZone("tz") from error  # the one parameter that PostgreSQL interprets by its own database


translate_errors = _TranslateErrors()


def _is_not_executed(error: BaseException) -> bool:
    """Whether a prepared statement was lost, or a migration has changed the type of its result."""
    return is_statement_lost(error) or isinstance(error, asyncpg.InvalidCachedStatementError)


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(_TRANSIENT) or _is_not_executed(error)
    if isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return not isinstance(error, ValueError)  # an argument of the wrong type is a defect
    return isinstance(error, OSError)


def _state(error: asyncpg.PostgresError) -> str:
    return str(error.sqlstate)
