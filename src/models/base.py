"""The base class of all tables; its naming convention gives constraints and indexes the names that migrations use."""

from typing import ClassVar

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Table(SQLModel):
    """A SQLModel with the naming convention of PostgreSQL for constraints and indexes."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
