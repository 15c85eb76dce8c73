"""The SQL statements on idempotency records: an advisory lock, lookup and storage."""

from typing import Any

from sqlalchemy import (
    LargeBinary,
    SmallInteger,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from src.db.statement import Statement
from src.models import IdempotencyRecord
from src.services.owner import OWNER

_key = bindparam("key", type_=Text)
is_expired = col(IdempotencyRecord.created_at) <= func.now() - literal_column("interval '24 hours'")


def _lock_and_find_record() -> Statement:
    """Try to take the advisory lock of owner and key, and read their record unless it is expired.

    The advisory lock is held to the end of the transaction, so it works through a transaction-mode pooler. The
    statement's snapshot is older than the lock: a record committed in between is not seen here. STORE_RECORD detects it
    (primary-key conflict), and so does the second lookup after a refused write.
    """
    name = OWNER.concat(literal_column(r"E'\n'")).concat(_key)
    lock_acquired = func.pg_try_advisory_xact_lock(func.hashtextextended(name, literal_column("0")))
    lock = select(lock_acquired.label("lock_acquired")).subquery("lock")
    record = (
        select(
            col(IdempotencyRecord.fingerprint),
            col(IdempotencyRecord.status),
            col(IdempotencyRecord.headers),
            col(IdempotencyRecord.body),
        )
        .where(col(IdempotencyRecord.user_id) == OWNER, col(IdempotencyRecord.key) == _key, ~is_expired)
        .subquery("record")
    )
    return Statement(select(*lock.c, *record.c).select_from(lock).outerjoin(record, true()))


def _store_record() -> Statement:
    """Insert a record, or replace an expired one; no row is returned where there is one that is not expired."""
    columns: dict[str, Any] = {
        "fingerprint": bindparam("fingerprint", type_=LargeBinary),
        "status": bindparam("status", type_=SmallInteger),
        "headers": bindparam("headers", type_=Text),
        "body": bindparam("body", type_=Text),
        "created_at": func.now(),
    }
    new = insert(IdempotencyRecord).values(user_id=OWNER, key=_key, **columns)
    replaced = {name: new.excluded[name] for name in columns}
    primary_key = [col(IdempotencyRecord.user_id), col(IdempotencyRecord.key)]
    return Statement(
        new.on_conflict_do_update(index_elements=primary_key, set_=replaced, where=is_expired).returning(
            col(IdempotencyRecord.key)
        )
    )


LOCK_AND_FIND_RECORD = _lock_and_find_record()
STORE_RECORD = _store_record()
