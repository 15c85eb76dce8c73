"""What asyncpg raises, as what it means for a client."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from src.errors import ServiceUnavailable

logger = logging.getLogger(__name__)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = (
    "08",  # connection exception
    "28",  # invalid authorization: the operator changed a password
    "3D",  # the database does not exist, or not yet
    "40",  # transaction rollback: serialization failure, deadlock
    "42P01",  # undefined table, and
    "42703",  # undefined column: this version is up before its migrations
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

    A constraint that can be violated by a request is a business rule: give it a class in `src.errors`
    and map its name here.
    """
    try:
        yield
    except asyncpg.DataError:
        raise  # a value of the wrong type: although an InterfaceError, it is a defect of ours
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise _unavailable(error) from error
    except asyncpg.PostgresError as error:
        if str(error.sqlstate).startswith(_TRANSIENT_CLASSES):
            raise _unavailable(error) from error
        raise


def _unavailable(error: Exception) -> ServiceUnavailable:
    # The messages of these errors speak of servers and connections; those that quote rows are defects.
    logger.warning("the database is out of reach: %s: %s", type(error).__name__, error)
    return ServiceUnavailable()
