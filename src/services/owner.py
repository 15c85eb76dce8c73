"""Whose data a request may touch."""

from typing import NewType

OwnerId = NewType("OwnerId", str)
"""Proof that the caller is this user. Only `src.api.dependencies.require_owner` makes one."""
