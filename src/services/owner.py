"""The owner: the user whose data a request may read and write."""

from typing import NewType

from sqlalchemy import Text, bindparam

from src.db.statement import hidden_parameter

OwnerId = NewType("OwnerId", str)
"""Proof that the caller is this user. Only `src.api.dependencies.require_owner` makes one."""

OWNER = bindparam("owner", type_=Text)
"""The bind parameter of the owner; `Database.fetch` takes the `OwnerId` as `owner`."""

HIDDEN_OWNER = hidden_parameter("owner", Text)
"""The same for statements that read many rows, so that they have one generic plan for owners of any size."""
