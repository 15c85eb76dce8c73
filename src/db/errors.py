"""What asyncpg raises, as what it means for a client."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

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
    "55P03",  # lock not available
    "57014",  # query cancelled: a statement timeout
    "58",  # system error
    "XX000",  # what poolers answer when they have no server to give
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise `ServiceUnavailable` for trouble that may pass; anything else is a defect and goes through.

    A constraint that can be violated by a request is a business rule: give it a class in `src.errors` and map its name
    here.
    """
    try:
        yield
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if isinstance(error, ValueError):  # of asyncpg: an argument or an option of the wrong kind
            raise
        logger.warning("the database cannot serve: %s: %s", type(error).__name__, error)
        raise ServiceUnavailable from error
    except asyncpg.PostgresError as error:
        if not str(error.sqlstate).startswith(_TRANSIENT):
            raise
        # Not its detail, which may quote a row.
        logger.warning("the database cannot serve: %s: %s", error.sqlstate, error.args[0])
        raise ServiceUnavailable from error
