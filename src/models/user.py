"""The table of users, the owners of tasks; Better Auth may share it."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Text, text
from sqlmodel import Field, UTCDateTime

from src.models.base import Table


class User(Table, table=True):
    """One row per user: Better Auth's columns, the revision, the highest purged revision, the usage, and the time zone.

    A front end may point Better Auth at this table (`user: { modelName: "users" }`). Otherwise the user's first write
    inserts a row that holds just the id.
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
    task_count: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    task_bytes: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    time_zone: str | None = Field(default=None, sa_type=Text)


USERS = Table.metadata.tables["users"]
"""The SQLAlchemy `Table` of `User`, for aliases."""
