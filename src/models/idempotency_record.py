"""The idempotency records: stored responses to requests with an idempotency key."""

from datetime import datetime

from sqlalchemy import LargeBinary, SmallInteger, Text
from sqlmodel import Field

from src.models.base import Table
from src.schemas.idempotency_key import MAX_KEY


class IdempotencyRecord(Table, table=True):
    """One row per idempotency key of an owner: a digest of the request, and the response to replay."""

    __tablename__ = "idempotency_records"

    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=Text)
    key: str = Field(primary_key=True, max_length=MAX_KEY)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int = Field(sa_type=SmallInteger)
    headers: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    created_at: datetime
