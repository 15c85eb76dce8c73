"""The owners of tasks."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Text, text
from sqlmodel import Field, UTCDateTime

from src.models.base import Table


class User(Table, table=True):
    """One row an owner, in Better Auth's columns plus the owner's revision and the last one that was purged.

    A front end may point Better Auth here (`user: { modelName: "users" }`). Otherwise a row that holds just the id
    appears with the user's first write.
    """

    __tablename__ = "users"

    id: str = Field(primary_key=True, sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text, unique=True)
    email_verified: bool | None = Field(default=None, sa_column=Column("emailVerified", Boolean))
    image: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(
        sa_column=Column("createdAt", UTCDateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP"))
    )
    updated_at: datetime = Field(
        sa_column=Column("updatedAt", UTCDateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP"))
    )
    revision: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    purged_revision: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
