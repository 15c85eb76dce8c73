"""The owner: the user whose data a request may read and write."""

from typing import Any, NewType

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, cast, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert

from src.db.statement import hidden_parameter
from src.models import User

OwnerId = NewType("OwnerId", str)
"""Proof that the caller is this user. Only `src.api.dependencies.token_owner` makes one."""

OWNER = bindparam("owner", type_=Text)
"""The bind parameter of the owner; `Database.fetch` takes the `OwnerId` as `owner`."""

HIDDEN_OWNER = hidden_parameter("owner", Text)
"""The same for statements that read many rows, so that they have one generic plan for owners of any size."""

_first = select(
    cast(literal_column("extract(epoch FROM clock_timestamp()) * 1000000"), BigInteger).label("revision")
).subquery("first")
"""The microseconds since 1970, which JavaScript represents exactly until 2255; a subquery, so that it is read once."""


def new_owner(**values: ColumnElement[Any]) -> Insert:
    """Create the owner's row with a first revision that is above every revision of an erased row of the same id.

    An owner takes less than one revision in a microsecond, so no sync token or ETag of the erased row becomes valid
    again (ADR 0062).
    """
    columns = {"id": OWNER, "revision": _first.c.revision, "purged_revision": _first.c.revision, **values}
    return insert(User).from_select(list(columns), select(*columns.values()))
