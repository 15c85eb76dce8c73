"""Whose data a request may touch."""

from typing import NewType

from sqlalchemy import Text, bindparam

OwnerId = NewType("OwnerId", str)
"""Proof that the caller is this user. Only `src.api.dependencies.require_owner` makes one."""

OWNER = bindparam("owner", type_=Text)
"""The owner in a statement; `Database.fetch` takes the `OwnerId` as `owner`."""
