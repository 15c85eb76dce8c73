"""The owner: the user whose data a request may read and write."""

from typing import NewType

from sqlalchemy import Text, bindparam

OwnerId = NewType("OwnerId", str)
"""Proof that the caller is this user. Only `src.api.dependencies.require_owner` makes one."""

OWNER = bindparam("owner", type_=Text)
"""The bind parameter of the owner; `Database.fetch` takes the `OwnerId` as `owner`."""
